"""A mark in the data folder from when a restore changes something until it has ended.

Until then the databases are not whole, and e-mails of the backup may wait in the outbox.
"""

from pathlib import Path

from neupusti.core.data import disk

NAME = "restoring"


def begin() -> None:
    """Mark durably that a restore has begun. Raise OSError."""
    disk.replace(_path(), b"")


def end() -> None:
    """Take the mark away: the restore is whole."""
    _path().unlink()


def is_unfinished() -> bool:
    """Return whether a restore has begun and not ended. Raise OSError."""
    return _path().exists()


def _path() -> Path:
    return disk.home() / NAME
