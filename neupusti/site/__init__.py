"""The site as a whole: machine-readable pages, theme, commands (preamble, 1.1.5)."""
