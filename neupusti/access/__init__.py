"""The access log and its statistics (1.1.8, 3.3, 3.3.2, 4.1.4)."""
