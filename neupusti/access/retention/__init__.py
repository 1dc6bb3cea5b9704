"""Mask addresses and destroy rows when their term is over."""
