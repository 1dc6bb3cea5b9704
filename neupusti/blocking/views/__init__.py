"""Pages of people and of staff, and commands."""
