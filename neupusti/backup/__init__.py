"""Backups, and what keeps a restored one from undoing decisions of people (5.4, 6.1.3)."""
