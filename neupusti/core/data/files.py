"""Uploaded files and archives, under random names or their digests.

On SQLite they are in the data folder (`file_folder`), on PostgreSQL in the main database
(`file_table`): any machine of the site has them. A file is written completely or not at
all. The database holds its owner: a file that no row names is an orphan, and `sweep`
deletes it.
"""

import fcntl
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from neupusti.core import clock
from neupusti.core.data import disk, file_table
from neupusti.core.data.database import db
from neupusti.core.data.file_folder import LOCK, FolderStore, OpenedFile
from neupusti.core.data.file_table import TableStore
from neupusti.core.data.halting import is_halted

NAME = re.compile(r"[0-9a-f]{32}(?:-[0-9]{1,4}\.(?:webp|jpg))?", re.ASCII)
GRACE = timedelta(hours=1)
"""The transaction that names a younger file may still be open."""
FORMER_KINDS = ("avatars", "exports", "photos", "sheets")
"""What earlier versions kept in the data folder, whatever the database."""


def new_name() -> str:
    """Return a new name: 128 random bits."""
    return secrets.token_hex(disk.NAME_BYTES)


def store(kind: str, body: bytes, name: str | None = None) -> str:
    """Store `body` durably; return its name, a new one if not given.

    A given name is that of these very bytes; a file that has it is replaced. Raise OSError
    where the disk is full, or what SQLAlchemy raises; then nothing is left behind.
    """
    name = name or new_name()
    with storing(kind, name) as out:
        out.write(body)
    return name


def storing(kind: str, name: str) -> AbstractContextManager[BinaryIO]:
    """Write the whole of a file of any size in a block; if it fails, nothing is left."""
    return _store().replacing(kind, _checked(name))


def read(kind: str, name: str) -> bytes:
    """Return a file; raise FileNotFoundError, or ValueError for an invalid name."""
    return _store().read(kind, _checked(name))


def opened(kind: str, name: str) -> OpenedFile:
    """Open a file of any size; raise FileNotFoundError, or ValueError."""
    return _store().opened(kind, _checked(name))


def exists(kind: str, name: str) -> bool:
    """Return whether a file is there; raise ValueError for an invalid name."""
    return _store().exists(kind, _checked(name))


def destroy(kind: str, name: str) -> None:
    """Delete a file; a second call changes nothing. Raise ValueError."""
    _store().destroy(kind, _checked(name))


def listed(kind: str) -> dict[str, datetime]:
    """Return name -> when it was stored; unfinished files among them."""
    return _store().listed(kind)


@contextmanager
def alone(kind: str) -> Iterator[None]:
    """Hold an exclusive lock on the files of `kind`, over all processes of this machine."""
    lock = os.open(disk.folder(kind) / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def sweep(kind: str, named: Callable[[], Iterable[str]]) -> int:
    """Delete the files of `kind` that no row names; return how many.

    The files are listed before the rows: one whose row is written meanwhile is no orphan.
    While sweeps are halted it deletes nothing.
    """
    if is_halted():
        return 0
    found = listed(kind)
    known, before = set(named()), clock.now() - GRACE
    orphans = [n for n, at in found.items() if n not in known and at < before]
    return _store().destroy_old(kind, orphans, before)


def adopt() -> int:
    """Bring the files of this machine's data folder into the database; return how many.

    An earlier version kept them there on PostgreSQL, too. Each is deleted once it is
    committed, so whoever is killed goes on from there; what is not ours stays. Raise
    OSError.
    """
    store, count = _store(), 0
    if isinstance(store, FolderStore):
        return 0
    for kind in FORMER_KINDS:
        for file in sorted(disk.home().glob(f"{kind}/*")):
            is_whole = bool(NAME.fullmatch(file.name))
            if not file.is_file() or not (is_whole or file.suffix == disk.PART):
                continue
            if is_whole:
                if not store.exists(kind, file.name):
                    at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
                    with file.open("rb") as body:
                        file_table.put(store.engine, (kind, file.name), body, at)
                count += 1
            file.unlink()
    return count


def _store() -> FolderStore | TableStore:
    if db.engine.dialect.name == "sqlite":
        return FolderStore()
    return TableStore(db.engine)


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError("not the name of a stored file")
    return name
