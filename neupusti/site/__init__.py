"""The site as a whole: its machine pages and commands (preamble, 1.1.5)."""
