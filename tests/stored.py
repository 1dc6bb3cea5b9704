"""What tests look at of stored files, whatever the database."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from unittest.mock import patch

import psycopg
from sqlalchemy import event, text

from neupusti.core.data import disk, files
from neupusti.core.data.database import db


def names(kind: str) -> list[str]:
    """Return the names of the files of a kind, unfinished ones too."""
    return sorted(files.listed(kind))


def age(kind: str, at: datetime, *some: str) -> None:
    """Let every file of a kind, or `some` of them, have been stored at a moment."""
    named = some or (*names(kind),)
    if db.engine.dialect.name == "postgresql":
        with db.engine.begin() as connection:
            aged = text("UPDATE file_part SET at = :at WHERE kind = :kind AND name = :name")
            for name in named:
                connection.execute(aged, {"at": at, "kind": kind, "name": name})
        return
    for name in named:
        os.utime(disk.folder(kind) / name, (at.timestamp(), at.timestamp()))


def leave_half(kind: str) -> None:
    """Leave what a killed process leaves of a file: on PostgreSQL nothing."""
    if db.engine.dialect.name == "sqlite":
        (disk.folder(kind) / f"{'1' * 32}{disk.PART}").write_bytes(b"half")


@contextmanager
def full(code: int = errno.ENOSPC) -> Iterator[None]:
    """Let what holds the files have no room for a block: the disk, or the tablespace."""
    engine = db.engine

    def no_room(*_: object) -> None:
        raise OSError(code, "no room")

    def refused(_c: object, _cursor: object, sql: str, *_: object) -> None:
        if sql.startswith("INSERT INTO file_part"):
            raise psycopg.errors.DiskFull

    if engine.dialect.name == "sqlite":
        with patch.object(os, "fsync", no_room):
            yield
        return
    event.listen(engine, "before_cursor_execute", refused)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", refused)
