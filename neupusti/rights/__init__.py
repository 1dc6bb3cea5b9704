"""The rights of people: see, download and correct what is kept about them (6.1.2, 6.1.3)."""
