"""Registration, sign-in, two-step verification, sessions (3.2.1-3.2.3, 4.1.1)."""
