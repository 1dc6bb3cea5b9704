"""The access log: record, ingest, retention (1.1.8, 3.3, 4.1.4)."""
