"""Questions to the shop: a numbered request, its answers, and its page (4.1.3, 4.1.8)."""
