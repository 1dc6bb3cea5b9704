"""What people and staff see of orders."""
