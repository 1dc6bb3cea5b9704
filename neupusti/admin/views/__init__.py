"""The pages of the staff area."""
