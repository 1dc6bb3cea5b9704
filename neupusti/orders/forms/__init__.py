"""The forms of orders: those of buyers, and those of staff."""
