"""Asking, answering, and who may read a request."""
