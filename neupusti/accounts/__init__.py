"""Who a person is: registration, sign-in, second factor, sessions (3.2.1-3.2.3, 4.1.1)."""
