"""The WSGI edge, errors, layout, caches, cookies and sessions."""
