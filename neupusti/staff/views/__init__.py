"""The pages and commands of staff management."""
