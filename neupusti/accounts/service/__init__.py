"""The rules of accounts: registering, signing in, second factor, sessions, recovery."""
