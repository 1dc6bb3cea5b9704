"""Who is blocked, and what keeps their rows from use (6.2.4)."""
