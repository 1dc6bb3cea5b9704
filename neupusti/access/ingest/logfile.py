"""Read complete lines of another server's log file, compressed or not."""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice, takewhile
from pathlib import Path
from typing import IO, Any

from neupusti.access.ingest.logformats import READ

SAMPLE_LINES = 100
"""Lines that decide the format: more than real logs have malformed in a row."""
LINE_BYTES = 64 * 1024
"""A longer line is read in pieces, and truncated after the first."""
CHUNK_BYTES = 1024 * 1024
ARCHIVES: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda raw: gzip.GzipFile(fileobj=raw),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
"""The first bytes of a compressed file -> what decompresses it."""
UNREADABLE = (EOFError, OSError, zlib.error, lzma.LZMAError)
"""What decompressing a damaged file raises; the error of a disk has a number besides."""
COMMENT = "#"
BYTE_ORDER_MARK = "\ufeff"


class NoLogError(ValueError):
    """The file is no text, or a damaged archive; the message says so."""


class _Decompressed(io.RawIOBase):
    """A decompressed stream that ends without an error where it is truncated or corrupt."""

    def __init__(self, archive: Any) -> None:
        self.archive, self.truncated = archive, False

    def readable(self) -> bool:
        """Return whether it can be read: always."""
        return True

    def seekable(self) -> bool:
        """Return whether it can be sought in: always, backwards by starting again."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position of the decompressed text, or as far as there is any."""
        try:
            return int(self.archive.seek(offset, whence))
        except UNREADABLE as error:
            self._end(error)
            return int(self.archive.tell())

    def readinto(self, buffer: Any) -> int:
        """Read what one call decompresses: all that comes before a corrupt part."""
        try:
            found = self.archive.read1(len(buffer))
        except UNREADABLE as error:
            self._end(error)
            return 0
        buffer[: len(found)] = found
        return len(found)

    def _end(self, error: Exception) -> None:
        if isinstance(error, OSError) and error.errno is not None:
            raise error
        self.truncated = True


class LogFile:
    """An open log; `position` returns the offset in the file itself, compressed or not."""

    def __init__(
        self,
        file: IO[bytes],
        position: Callable[[], int],
        archive: _Decompressed | None = None,
    ) -> None:
        self.file, self.position, self.archive = file, position, archive
        self.begun = False
        """Whether what was decoded last is a piece of a long line, which goes on."""
        self.unterminated = False
        """Whether the last line is not terminated yet; it is not read until it is."""

    @property
    def truncated(self) -> bool:
        """Whether the compressed stream ends too early."""
        return self.archive is not None and self.archive.truncated

    def lines(self, limit: int) -> list[bytes]:
        """Return at most `limit` of the next lines."""
        # The rest of an unterminated line may have been written since.
        lines = [] if self.unterminated else list(islice(self._pieces(), limit))
        if lines and not _is_whole(lines[-1]):
            self.unterminated = True
            lines.pop()
        return lines

    def go_to(self, position: int) -> None:
        """Go to a position of the text, which may be within a long line."""
        self.file.seek(max(position - 1, 0))
        self.begun = position > 0 and self.file.read(1) != b"\n"

    def _pieces(self) -> Iterator[bytes]:
        """Return the next lines; one that is too long comes in pieces."""
        return iter(partial(self.file.readline, LINE_BYTES), b"")

    def head(self) -> bytes:
        """Return the first line and rewind; raise NoLogError if it is no text."""
        line = self.file.readline(LINE_BYTES)
        self.file.seek(0)
        if b"\0" in line:
            raise NoLogError(f"The file is no text in UTF-8. Nothing was imported. {READ}")
        return line

    def peek(self, until: int | None = None) -> list[str]:
        """Return the texts of the next lines, up to a position, without consuming them."""
        at = self.file.tell()
        begun = self.begun
        lines = takewhile(
            lambda line: _is_whole(line) and (until is None or self.file.tell() <= until),
            self._pieces(),
        )
        some = list(islice(self.decoded(lines), SAMPLE_LINES))
        self.begun = begun
        self.file.seek(at)
        return some

    def decoded(self, lines: Iterable[bytes]) -> Iterator[str]:
        """Yield the texts of the next lines, without blank ones and comments."""
        for line in lines:
            if not self.begun and (text := _decode(line)):
                yield text
            self.begun = not line.endswith(b"\n")


@contextmanager
def open_log(path: Path) -> Iterator[LogFile]:
    """Open a log, plain or in one of `ARCHIVES`."""
    with path.open("rb") as raw:
        first = raw.peek(8)
        magic = next(filter(first.startswith, ARCHIVES), None)
        if magic is None:
            yield LogFile(raw, raw.tell)
            return
        with ARCHIVES[magic](raw) as archive:
            _refuse_damage(archive)
        raw.seek(0)
        with ARCHIVES[magic](raw) as archive:
            stream = _Decompressed(archive)
            with io.BufferedReader(stream) as file:
                yield LogFile(file, raw.tell, stream)


def _refuse_damage(archive: Any) -> None:
    """Read an archive once; raise NoLogError if it is damaged, not only truncated.

    What comes before a damage may be wrong too: its checksum follows it. If any of it were
    kept, the good copy would be another file, and its requests be counted twice.
    """
    try:
        with suppress(EOFError):
            while archive.read1(CHUNK_BYTES):
                pass
    except UNREADABLE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise NoLogError(
            "The archive is damaged. Nothing was imported. Import the whole file when you "
            "have it."
        ) from None


def _is_whole(line: bytes) -> bool:
    """Return whether nothing is missing: it is terminated, or the piece of a long line."""
    return line.endswith(b"\n") or len(line) == LINE_BYTES


def _decode(line: bytes) -> str:
    text = line.decode("utf-8", "backslashreplace").rstrip("\r\n")
    text = text.removeprefix(BYTE_ORDER_MARK)
    return "" if text.startswith(COMMENT) else text
