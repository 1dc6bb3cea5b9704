"""The rules of the site as a whole: is it ready, and how it grows by a feature."""
