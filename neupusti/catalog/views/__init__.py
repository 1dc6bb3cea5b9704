"""The pages and commands of the catalog."""
