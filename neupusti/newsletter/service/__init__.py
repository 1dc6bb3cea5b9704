"""What the newsletter does: sign-ups, issues, sending, unsubscribing."""
