"""Prove on the live data that the policy holds, and show what was found (9.3, 6.2.3)."""
