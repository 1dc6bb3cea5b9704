"""The pages and commands of erasure."""
