"""Basket, checkout, orders and what becomes of them (3.1, 3.2.1-3.2.5, 4.1.1, 4.1.6)."""
