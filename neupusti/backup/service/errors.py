"""What may go wrong with a backup."""


class BackupError(RuntimeError):
    """A backup cannot be made, read or restored; the message says why."""
