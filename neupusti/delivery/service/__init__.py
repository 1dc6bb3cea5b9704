"""What the hand-over does, without HTTP."""
