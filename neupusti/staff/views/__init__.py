"""The pages and commands of the staff room."""
