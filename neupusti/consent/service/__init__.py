"""The rules of consent: what is declared, what is kept, what is proved, what is let out."""
