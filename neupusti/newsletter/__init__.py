"""News by email for those who asked, and nobody else (3.1, 4.1.9, 4.1.10)."""
