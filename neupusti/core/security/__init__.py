"""Authorisation, permissions, throttling, tokens and request origin."""
