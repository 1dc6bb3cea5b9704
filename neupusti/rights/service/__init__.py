"""Verbs of the rights of people."""
