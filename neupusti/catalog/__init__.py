"""What is sold: the shop front. Holds no personal data at all."""
