"""The format `neupusti-backup/1`: a tar of files, and at its end a manifest of them.

Without the manifest an archive is not whole; with it every byte can be checked.
"""

import json
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from neupusti.backup.service.errors import BackupError

FORMAT, MANIFEST = "neupusti-backup/1", "manifest.json"
CHUNK = 1024 * 1024
FILES = "files/"
"""The folder of an archive with what lies in the data folder."""
LARGEST_MANIFEST = 256 * CHUNK


@dataclass(slots=True)
class Writer:
    """Writes the files of one archive, and their manifest at last."""

    tar: tarfile.TarFile
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, name: str, path: Path) -> None:
        """Add a file as long as it is now: it may grow meanwhile. Raise OSError."""
        with path.open("rb") as file:
            hashing = _Hashing(file)
            info = tarfile.TarInfo(name)
            info.size, info.mode = os.fstat(file.fileno()).st_size, 0o600
            self.tar.addfile(info, cast("IO[bytes]", hashing))
        self.entries[name] = {"bytes": info.size, "sha256": hashing.digest.hexdigest()}

    def finish(self, **about: object) -> None:
        """Add the manifest."""
        values = {"format": FORMAT, **about, "files": self.entries}
        body = json.dumps(values, indent=1, sort_keys=True).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = len(body), 0o600
        self.tar.addfile(info, BytesIO(body))


@contextmanager
def writer(out: IO[bytes]) -> Iterator[Writer]:
    """Write an archive to `out` in the block."""
    with tarfile.open(fileobj=out, mode="w|gz") as tar:
        yield Writer(tar)


def unpack(archive: IO[bytes], folder: Path) -> dict[str, Any]:
    """Write all files of an archive into `folder`; return its manifest.

    Raise BackupError where it is not whole or not what was written, OSError.
    """
    found: dict[str, dict[str, Any]] = {}
    try:
        with tarfile.open(fileobj=archive, mode="r|gz") as tar:
            for info in tar:
                found[info.name] = _write(tar, info, folder)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise BackupError("This is no backup of ours, or only a part of one.") from error
    if found.pop(MANIFEST, None) is None:
        raise BackupError("This backup has no end: it is not whole.")
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    if manifest.get("format") != FORMAT:
        raise BackupError(f"This version reads {FORMAT} only.")
    told = manifest["files"]
    if wrong := sorted(n for n in {*found, *told} if found.get(n) != told.get(n)):
        raise BackupError(f"Not what was backed up: {', '.join(wrong[:5])}.")
    return manifest


def _write(tar: tarfile.TarFile, info: tarfile.TarInfo, folder: Path) -> dict[str, Any]:
    path = PurePosixPath(info.name)
    body = tar.extractfile(info) if info.isreg() else None
    if body is None or path.is_absolute() or ".." in path.parts:
        raise BackupError(f"No backup of ours holds {info.name}.")
    target = folder / path
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = sha256()
    with os.fdopen(
        os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
    ) as out:
        while chunk := body.read(CHUNK):
            digest.update(chunk)
            out.write(chunk)
    return {"bytes": info.size, "sha256": digest.hexdigest()}


class _Hashing:
    """A file that hashes what is read of it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.digest = file, sha256()

    def read(self, size: int = -1) -> bytes:
        """Read and hash."""
        chunk = self.file.read(size)
        self.digest.update(chunk)
        return chunk
