"""Uploaded files in the data folder, under random names or their digests, mode 0600.

A file is written completely or not at all. The database holds its owner: a file that no
row names is an orphan, and `sweep` deletes it.
"""

import fcntl
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from flask import current_app

from neupusti.core import clock

NAME_BYTES = 16
NAME = re.compile(r"[0-9a-f]{32}(?:-[0-9]{1,4}\.(?:webp|jpg))?", re.ASCII)
PART, LOCK = ".part", "lock"
GRACE = timedelta(hours=1)
"""The transaction that names a younger file may still be open."""


def folder(kind: str) -> Path:
    """Return the folder of one kind of files, made with mode 0700."""
    home = Path(current_app.instance_path) / kind
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return home


def store(kind: str, body: bytes, name: str | None = None) -> str:
    """Write `body` durably to the disk; return its name: 128 random bits if not given.

    A given name is that of these very bytes; a file that has it is replaced. Raise OSError
    where the disk is full; then nothing is left behind.
    """
    name = name or secrets.token_hex(NAME_BYTES)
    replace(path(kind, name), body)
    return name


def replace(file: Path, body: bytes) -> None:
    """Write `body` durably as the whole of `file`, or nothing at all. Raise OSError."""
    with replacing(file) as out:
        out.write(body)


@contextmanager
def replacing(file: Path) -> Iterator[BinaryIO]:
    """Write the whole of `file` durably in a block; if it fails, nothing is left of it."""
    part = file.with_name(f"{secrets.token_hex(NAME_BYTES)}{PART}")
    try:
        with os.fdopen(
            os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
        ) as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.rename(file)
        sync_folder(file.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def alone(kind: str) -> Iterator[None]:
    """Hold an exclusive lock on the files of `kind`, over all processes of this machine."""
    lock = os.open(folder(kind) / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def path(kind: str, name: str) -> Path:
    """Return the path of the file `name`; raise ValueError for an invalid name."""
    if not NAME.fullmatch(name):
        raise ValueError("not the name of a stored file")
    return folder(kind) / name


def destroy(kind: str, name: str) -> None:
    """Delete the file `name`; a second call changes nothing."""
    path(kind, name).unlink(missing_ok=True)


def sweep(kind: str, named: Callable[[], Iterable[str]]) -> int:
    """Delete the files of `kind` that no row names; return how many.

    The folder is read before the rows: a file whose row is written meanwhile is no orphan.
    """
    found = [file for file in folder(kind).iterdir() if file.name != LOCK]
    known = set(named())
    before = (clock.now() - GRACE).timestamp()
    orphans = [f for f in found if f.name not in known and f.stat().st_mtime < before]
    for file in orphans:
        file.unlink(missing_ok=True)
    return len(orphans)


def sync_folder(home: Path) -> None:
    """Make the new name survive a power cut."""
    directory = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
