"""Work in a folder alone, and remove the plain copies that killed commands left there."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = ".lock"


@contextmanager
def alone(folder: Path, *left: str, waits: bool = True) -> Iterator[None]:
    """Be the only one that works in `folder`; remove what a killed one has left.

    `left`: the patterns of its names. Raise BlockingIOError where another works there and
    this one does not wait, OSError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
        for path in [path for pattern in left for path in folder.glob(pattern)]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        yield
    finally:
        os.close(lock)
