"""The policy: editions, clauses as data, comparison, and the ledger of what carries each
clause out (1.1, 9.1-9.4)."""
