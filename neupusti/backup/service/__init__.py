"""Make, check and restore backups; repeat decisions in a restored database."""
