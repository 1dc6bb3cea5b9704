"""Rows that have served their purpose go, by the rules of every room (5.1, 5.6)."""
