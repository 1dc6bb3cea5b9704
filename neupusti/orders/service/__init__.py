"""What can be done with baskets and orders."""
