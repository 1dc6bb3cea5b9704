"""Read complete lines of another server's log file, compressed or not."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

SAMPLE_LINES = 100
"""Lines that decide the format: more than real logs have malformed in a row."""
LINE_BYTES = 64 * 1024
"""A longer line is truncated."""
GZIP = b"\x1f\x8b"
COMMENT = "#"


class _Decompressed(gzip.GzipFile):
    """A gzip stream that ends without an error where it is truncated or corrupt."""

    truncated = False

    def readinto(self, buffer: Any) -> int:
        """Read what one call decompresses: all that comes before a corrupt part."""
        try:
            found = self.read1(len(buffer))
        except (EOFError, gzip.BadGzipFile, zlib.error):
            self.truncated = True
            return 0
        buffer[: len(found)] = found
        return len(found)


class LogFile:
    """An open log; `position` returns the offset in the file itself, compressed or not."""

    def __init__(
        self,
        file: IO[bytes],
        position: Callable[[], int],
        archive: _Decompressed | None = None,
    ) -> None:
        self.file, self.position, self.archive = file, position, archive
        self.unterminated = False
        """Whether the last line is not terminated yet; it is not read until it is."""

    @property
    def truncated(self) -> bool:
        """Whether the compressed stream ends too early."""
        return self.archive is not None and self.archive.truncated

    def lines(self, limit: int) -> list[bytes]:
        """Return at most `limit` of the next lines."""
        # The rest of an unterminated line may have been written since.
        lines = [] if self.unterminated else list(islice(self.file, limit))
        if lines and not lines[-1].endswith(b"\n"):
            self.unterminated = True
            lines.pop()
        return lines

    def head(self) -> bytes:
        """Return the first line and rewind."""
        line = self.file.readline(LINE_BYTES)
        self.file.seek(0)
        return line

    def peek(self) -> list[str]:
        """Return the texts of the next lines without consuming them."""
        at = self.file.tell()
        some = decode_lines(
            (line for line in self.file if line.endswith(b"\n")), SAMPLE_LINES
        )
        self.file.seek(at)
        return some


@contextmanager
def open_log(path: Path) -> Iterator[LogFile]:
    """Open a log, compressed or not."""
    with path.open("rb") as raw:
        if raw.peek(2)[:2] != GZIP:
            yield LogFile(raw, raw.tell)
            return
        with _Decompressed(fileobj=raw) as stream, io.BufferedReader(stream) as file:
            yield LogFile(file, raw.tell, stream)


def decode_lines(lines: Iterable[bytes], limit: int | None = None) -> list[str]:
    """Return at most `limit` texts of lines, without blank ones and comments."""
    return list(islice(filter(None, map(_decode, lines)), limit))


def _decode(line: bytes) -> str:
    text = line[:LINE_BYTES].decode("utf-8", "backslashreplace").rstrip("\r\n")
    return "" if text.startswith(COMMENT) else text
