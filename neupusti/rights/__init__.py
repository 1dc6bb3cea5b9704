"""The rights of people: see, download and correct what is kept of them (6.1.2, 6.1.3)."""
