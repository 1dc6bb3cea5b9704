"""Block, withdraw, and end with the answer of staff."""
