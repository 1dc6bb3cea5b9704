"""Append-only records: journals and consent records."""
