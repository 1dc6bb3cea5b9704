"""Sweeps, and what stands against them."""
