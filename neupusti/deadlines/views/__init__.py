"""The pages and commands of terms."""
