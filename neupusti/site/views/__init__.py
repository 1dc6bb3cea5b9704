"""The machine-readable pages, the theme form and the commands of the site."""
