"""The pages and commands of the access log."""
