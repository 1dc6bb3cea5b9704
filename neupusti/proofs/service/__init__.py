"""When proofs are due, what is done with their outcome, and the statement of it."""
