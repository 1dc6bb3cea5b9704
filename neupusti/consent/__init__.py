"""Cookies and consent: no cookie is set without consent (1.1.7, 3.3.1)."""
