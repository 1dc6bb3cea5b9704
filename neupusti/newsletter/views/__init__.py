"""The pages and commands of the newsletter."""
