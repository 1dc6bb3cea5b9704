"""The gate at the edge, the pages, the staff page and the commands of the consent room."""
