"""Databases, column classification, keys, files and migrations."""
