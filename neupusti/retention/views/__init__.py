"""The pages of terms and of holds, and the commands."""
