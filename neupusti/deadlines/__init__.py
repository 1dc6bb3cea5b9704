"""Terms of the law in the open: the public page, reminders, the calendar of staff (8.3)."""
