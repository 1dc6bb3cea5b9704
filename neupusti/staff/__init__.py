"""Members of staff and their permissions, and the people whose data they look after."""
