"""Destroy rows past their retention period, by the rules of every feature (5.1, 5.6)."""
