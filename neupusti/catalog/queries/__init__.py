"""What the public pages of the catalog read."""
