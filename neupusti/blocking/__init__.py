"""Data out of use until a check of them has ended (6.2.4)."""
