"""Files of this machine: the data folder, and what is written there durably, mode 0600."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from flask import current_app

NAME_BYTES = 16
PART = ".part"


def home() -> Path:
    """Return the data folder."""
    return Path(current_app.instance_path)


def folder(kind: str) -> Path:
    """Return the folder of one kind of files, made with mode 0700."""
    found = home() / kind
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


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
            os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b"
        ) as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.rename(file)
        sync_folder(file.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def sync_folder(home: Path) -> None:
    """Make the new name survive a power cut."""
    directory = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
