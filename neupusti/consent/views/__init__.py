"""The cookie middleware, pages, staff page and commands of the consent feature."""
