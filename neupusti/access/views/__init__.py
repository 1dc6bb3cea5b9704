"""The middleware, cookie and commands of the access log."""
