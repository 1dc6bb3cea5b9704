"""Remind staff of what is due, and keep the calendar by which it is counted."""
