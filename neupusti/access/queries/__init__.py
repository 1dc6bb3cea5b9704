"""What the statistics ask of roll-ups and rows."""
