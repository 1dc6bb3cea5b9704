"""The policy: editions, clauses, comparison, and what carries each clause out (9.1-9.4)."""
