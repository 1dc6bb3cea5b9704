"""Files of people, beside the database: under random names, in the data folder, mode 0600.

A file is written whole or not at all. The database says whose it is: a file that no row
names is an orphan, and `sweep` destroys it.
"""

import fcntl
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from flask import current_app

from neupusti.core import clock

NAME_BYTES = 16
NAME = re.compile(r"[0-9a-f]{32}", re.ASCII)
PART, LOCK = ".part", "lock"
YOUNG = timedelta(hours=1)
"""The row of a younger file may still be on its way."""


def folder(kind: str) -> Path:
    """Return the folder of one kind of files; only this site's user may look into it."""
    home = Path(current_app.instance_path) / kind
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return home


def keep(kind: str, body: bytes) -> str:
    """Write `body` to the disk for good; return its name: 128 random bits.

    Raise OSError where there is no room; then nothing is left behind.
    """
    name = secrets.token_hex(NAME_BYTES)
    home = folder(kind)
    part = home / f"{name}{PART}"
    try:
        with os.fdopen(
            os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
        ) as out:
            out.write(body)
            out.flush()
            os.fsync(out.fileno())
        part.rename(home / name)
        _settle(home)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return name


@contextmanager
def alone(kind: str) -> Iterator[None]:
    """Wait until nobody else works on files of `kind`, in any process of this machine."""
    lock = os.open(folder(kind) / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def path(kind: str, name: str) -> Path:
    """Return where the file `name` is kept; raise ValueError where that is no name."""
    if not NAME.fullmatch(name):
        raise ValueError("not the name of a kept file")
    return folder(kind) / name


def destroy(kind: str, name: str) -> None:
    """Take the file `name` off the disk; the second time changes nothing."""
    path(kind, name).unlink(missing_ok=True)


def sweep(kind: str, named: Callable[[], Iterable[str]]) -> int:
    """Destroy the files of `kind` that no row names; return how many they were.

    The folder is read before the rows: a file whose row comes meanwhile is no orphan.
    """
    there = [file for file in folder(kind).iterdir() if file.name != LOCK]
    known = set(named())
    before = (clock.now() - YOUNG).timestamp()
    orphans = [f for f in there if f.name not in known and f.stat().st_mtime < before]
    for file in orphans:
        file.unlink(missing_ok=True)
    return len(orphans)


def _settle(home: Path) -> None:
    """Let the new name survive a power cut."""
    link = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(link)
    finally:
        os.close(link)
