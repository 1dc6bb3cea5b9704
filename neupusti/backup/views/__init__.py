"""The commands of backups and decisions."""
