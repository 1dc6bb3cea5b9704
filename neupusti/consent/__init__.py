"""Cookies and consent: a cookie nobody agreed to cannot leave the server (1.1.7, 3.3.1)."""
