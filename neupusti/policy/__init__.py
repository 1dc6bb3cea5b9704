"""The policy: editions, clauses, comparison and the ledger of clauses (9.1-9.4)."""
