"""Statistics from the access log for staff (3.3.2)."""
