"""Selects of orders, for the pages of buyers and staff and for the services."""
