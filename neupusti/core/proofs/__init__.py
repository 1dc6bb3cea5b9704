"""Proofs that the clauses of the policy hold on the live data (RIGHTS b9)."""
