"""The staff area: its board, the journals and the outbox (1.1.1, 6.2)."""
