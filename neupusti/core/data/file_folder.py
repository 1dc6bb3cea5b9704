"""The files of a site on SQLite: in the data folder, one folder for each kind."""

import os
import stat
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from neupusti.core.data import disk

LOCK = "lock"
OWNER_ONLY = 0o600


class OpenedFile(NamedTuple):
    """A stored file that is open for reading."""

    body: BinaryIO
    """Can be rewound; whoever opens it closes it."""
    size: int
    at: datetime
    """When it was stored."""
    mode: int = OWNER_ONLY


class FolderStore:
    """Files in the data folder of this machine."""

    def replacing(self, kind: str, name: str) -> AbstractContextManager[BinaryIO]:
        """Write a whole file in a block, or nothing. Raise OSError."""
        return disk.replacing(self._path(kind, name))

    def read(self, kind: str, name: str) -> bytes:
        """Return a file; raise FileNotFoundError."""
        return self._path(kind, name).read_bytes()

    def opened(self, kind: str, name: str) -> OpenedFile:
        """Open a file; raise FileNotFoundError."""
        body = self._path(kind, name).open("rb")
        found = os.fstat(body.fileno())
        at = datetime.fromtimestamp(found.st_mtime, UTC)
        return OpenedFile(body, found.st_size, at, stat.S_IMODE(found.st_mode))

    def exists(self, kind: str, name: str) -> bool:
        """Return whether a file is there."""
        return self._path(kind, name).exists()

    def destroy(self, kind: str, name: str) -> None:
        """Delete a file, if it is there."""
        self._path(kind, name).unlink(missing_ok=True)

    def listed(self, kind: str) -> dict[str, datetime]:
        """Return name -> when it was stored; unfinished files among them."""
        found = {}
        for file in disk.folder(kind).iterdir():
            if file.name != LOCK and not file.is_dir():
                with suppress(FileNotFoundError):  # it went meanwhile
                    at = file.stat().st_mtime
                    found[file.name] = datetime.fromtimestamp(at, UTC)
        return found

    def destroy_old(self, kind: str, names: Iterable[str], before: datetime) -> int:  # noqa: ARG002 - whoever stores one again holds the lock
        """Delete those of `names` that were stored before a moment; return how many.

        Raise OSError for those that stay, once the others are gone.
        """
        count, first = 0, None
        for name in names:
            try:
                self.destroy(kind, name)
                count += 1
            except OSError as error:  # that one stays
                first = first or error
        if first is not None:
            raise first
        return count

    def _path(self, kind: str, name: str) -> Path:
        return disk.folder(kind) / name
