"""Hand orders over to those who deliver them, field by field, on record (5.2, 6.2.2)."""
