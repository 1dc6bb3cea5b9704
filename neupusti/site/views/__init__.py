"""The machine pages and the commands of the site."""
