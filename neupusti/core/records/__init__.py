"""What proves what was done: journals and consent records."""
