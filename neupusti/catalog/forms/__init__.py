"""The forms of the staff's work with goods."""
