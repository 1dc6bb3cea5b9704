"""Selects over roll-ups and rows of the access log."""
