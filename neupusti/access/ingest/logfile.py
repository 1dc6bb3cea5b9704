"""Reading another server's log file, packed or not, whole line by whole line."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

SAMPLE_LINES = 100
"""Lines that tell the format; real logs have malformed ones, not so many in a row."""
LINE_BYTES = 64 * 1024
"""A longer line is no line of a log."""
GZIP = b"\x1f\x8b"
COMMENT = "#"


class _Decompressed(gzip.GzipFile):
    """The bytes of a packed log; one that is torn ends where it is torn."""

    truncated = False

    def readinto(self, buffer: Any) -> int:
        """Read as much as can be unpacked at once: what comes before a tear is whole."""
        try:
            found = self.read1(len(buffer))
        except (EOFError, gzip.BadGzipFile, zlib.error):
            self.truncated = True
            return 0
        buffer[: len(found)] = found
        return len(found)


class LogFile:
    """An open log; `position` tells how far the file itself is read, packed as it is."""

    def __init__(
        self,
        file: IO[bytes],
        position: Callable[[], int],
        packing: _Decompressed | None = None,
    ) -> None:
        self.file, self.position, self.archive = file, position, packing
        self.unterminated = False
        """Whether the last line has no end yet: it is not read until it has."""

    @property
    def truncated(self) -> bool:
        """Whether its packing ends too early."""
        return self.archive is not None and self.archive.truncated

    def lines(self, most: int) -> list[bytes]:
        """Return the next lines, at most so many."""
        # The rest of a line that had no end may have been written meanwhile.
        lines = [] if self.unterminated else list(islice(self.file, most))
        if lines and not lines[-1].endswith(b"\n"):
            self.unterminated = True
            lines.pop()
        return lines

    def head(self) -> bytes:
        """Return the first line, and go back to the beginning."""
        line = self.file.readline(LINE_BYTES)
        self.file.seek(0)
        return line

    def peek(self) -> list[str]:
        """Return the texts of the lines that come next, and leave them to be read."""
        at = self.file.tell()
        some = decode_lines(
            (line for line in self.file if line.endswith(b"\n")), SAMPLE_LINES
        )
        self.file.seek(at)
        return some


@contextmanager
def open_log(path: Path) -> Iterator[LogFile]:
    """Open a log."""
    with path.open("rb") as raw:
        if raw.peek(2)[:2] != GZIP:
            yield LogFile(raw, raw.tell)
            return
        with _Decompressed(fileobj=raw) as unpacked, io.BufferedReader(unpacked) as file:
            yield LogFile(file, raw.tell, unpacked)


def decode_lines(lines: Iterable[bytes], most: int | None = None) -> list[str]:
    """Return the texts of lines, at most so many, without blank ones and comments."""
    return list(islice(filter(None, map(_decode, lines)), most))


def _decode(line: bytes) -> str:
    text = line[:LINE_BYTES].decode("utf-8", "backslashreplace").rstrip("\r\n")
    return "" if text.startswith(COMMENT) else text
