"""The pages of rights."""
