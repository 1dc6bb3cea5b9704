"""What the access log does: write down, read in, count, forget."""
