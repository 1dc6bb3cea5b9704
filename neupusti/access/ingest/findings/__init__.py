"""Find scanners, crawls, tried passwords and storms of errors among new requests."""
