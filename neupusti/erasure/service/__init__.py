"""What erasure does; it knows nothing of HTTP."""
