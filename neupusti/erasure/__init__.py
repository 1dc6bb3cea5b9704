"""Destroy what is kept about a person: preview, a day to undo, verification (6.1.3)."""
