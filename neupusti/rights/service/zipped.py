"""A ZIP archive that is written in one go and remembers the hash of each entry."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext, suppress
from datetime import datetime
from hashlib import sha256
from typing import BinaryIO, Self
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from neupusti.core.clock import ALMATY
from neupusti.rights.service.manifest import Entry

LEVEL = 3
"""Of compression: tables repeat themselves, and more effort saves little."""
BUFFER = 64 * 1024
READABLE = 0o600 << 16


class Zipped:
    """An archive that is being written. Names of entries are ours, never a person's."""

    def __init__(self, out: BinaryIO, made_at: datetime) -> None:
        self.entries: list[Entry] = []
        self._zip = ZipFile(out, "w", ZIP_DEFLATED, compresslevel=LEVEL)
        self._time = made_at.astimezone(ALMATY).timetuple()[:6]

    def add(
        self, path: str, media: str, parts: Iterable[bytes], rows: int | None = None
    ) -> None:
        """Write one entry, of any size: only `BUFFER` of it is held. Raise OSError."""
        digest, size = sha256(), 0
        info = ZipInfo(path, self._time)
        info.compress_type, info.external_attr = ZIP_DEFLATED, READABLE
        with self._zip.open(info, "w", force_zip64=True) as entry:
            for part in _buffered(parts):
                digest.update(part)
                size += entry.write(part)
        self.entries.append(
            Entry(path=path, media=media, rows=rows, bytes=size, sha256=digest.hexdigest())
        )

    def text(self, path: str, media: str, text: str) -> None:
        """Write one entry of text in UTF-8."""
        self.add(path, media, [text.encode()])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        # Of an archive that failed the directory cannot be written either.
        with suppress(OSError) if kind else nullcontext():
            self._zip.close()


def _buffered(parts: Iterable[bytes]) -> Iterator[bytes]:
    buffer = bytearray()
    for part in parts:
        buffer += part
        if len(buffer) >= BUFFER:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)
