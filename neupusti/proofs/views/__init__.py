"""The pages, documents and the command of the proofs."""
