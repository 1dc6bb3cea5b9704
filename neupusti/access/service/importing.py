"""Bringing in another server's log: tolerant, resumable, and the same file only once.

A file is known by its content: its first line, and a digest of everything read so far.
So a log that has grown adds only its new lines, packed or not, whatever its name.
"""

import gzip
import io
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, cast

from sqlalchemy import Engine, insert, select, update

from neupusti.access.models import Import
from neupusti.access.service import store
from neupusti.access.service.batch import collecting_later
from neupusti.access.service.drain import MALFORMED, Enrichment, days_of
from neupusti.access.service.line import Entry
from neupusti.access.service.logformats import Format, MalformedError, parser
from neupusti.core import clock

LINES = 20_000
CHUNK_BYTES = 1024 * 1024
LINE_BYTES = 64 * 1024
"""A longer line is no line of a log."""
GZIP = b"\x1f\x8b"


@dataclass(slots=True)
class Imported:
    """What an import brought."""

    requests: int = 0
    malformed: Counter[str] = field(default_factory=Counter)
    known: int = 0
    """Lines that an import before had brought already."""


@dataclass(slots=True)
class _Place:
    """How far a file has been imported: the row of the table, and the digest so far."""

    head: str
    row: int | None
    position: int
    lines: int
    digest: Any


@contextmanager
def opened(path: Path) -> Iterator[tuple[IO[bytes], Callable[[], int]]]:
    """Open a log, packed or not; give its bytes, and how far the file itself was read."""
    with path.open("rb") as raw:
        packed = raw.peek(2)[:2] == GZIP
        if packed:
            with (
                gzip.GzipFile(fileobj=raw) as unpacked,
                io.BufferedReader(unpacked) as lines,
            ):
                yield lines, raw.tell
        else:
            yield raw, raw.tell


def bring(  # noqa: PLR0913, PLR0917 - where from, where to, how to read, how to tell
    engine: Engine,
    path: Path,
    kind: Format,
    enrichment: Enrichment,
    hide: Callable[[str], str] = str,
    told: Callable[[int], None] = lambda _: None,
) -> Imported:
    """Import the log `path`; `told` hears after each batch how much of the file is read."""
    imported, parse = Imported(), parser(kind)
    with opened(path) as (file, position):
        head = file.readline(LINE_BYTES)
    with opened(path) as (file, position):
        place = _continue(engine, sha256(head).hexdigest(), file)
        imported.known = place.lines
        told(position())
        while lines := _lines(file):
            with collecting_later():
                read = _read(lines, parse)
                for entry in read.entries:
                    entry.path, entry.referrer = hide(entry.path), hide(entry.referrer)
                for line in lines:
                    place.digest.update(line)
                    place.position += len(line)
                place.lines += len(lines)
                _commit(engine, read, place, enrichment)
            imported.requests += len(read.entries)
            imported.malformed += read.malformed
            told(position())
    return imported


def _lines(file: IO[bytes]) -> list[bytes]:
    """Return the next lines; a file torn in its packing ends where it is torn."""
    lines = []
    try:
        for line in file:
            lines.append(line)
            if len(lines) >= LINES:
                break
    except (EOFError, OSError, gzip.BadGzipFile):
        pass
    return lines


def _continue(engine: Engine, head: str, file: IO[bytes]) -> _Place:
    """Find the import that this file continues, and read the file up to there."""
    with engine.connect() as connection:
        rows = connection.execute(
            select(Import.id, Import.position, Import.digest, Import.lines)
            .where(Import.head == head)
            .order_by(Import.position)
        ).all()
    digest = sha256()
    best = _Place(head, None, 0, 0, digest.copy())
    at = 0
    for row in rows:
        at += _hash(file, row.position - at, digest)
        if at < row.position:
            break
        if digest.hexdigest() == row.digest:
            best = _Place(head, row.id, row.position, row.lines, digest.copy())
    file.seek(best.position)
    return best


def _hash(file: IO[bytes], size: int, digest: Any) -> int:
    done = 0
    while done < size and (chunk := file.read(min(CHUNK_BYTES, size - done))):
        digest.update(chunk)
        done += len(chunk)
    return done


@dataclass(slots=True)
class _Read:
    """What one batch of lines holds."""

    entries: list[Entry]
    malformed: Counter[str]


def _read(lines: list[bytes], parse: Callable[[str], Entry]) -> _Read:
    read = _Read([], Counter())
    for line in lines:
        text = line[:LINE_BYTES].decode("utf-8", "backslashreplace").rstrip("\r\n")
        if not text or text.startswith("#"):
            continue
        try:
            read.entries.append(parse(text))
        except MalformedError as error:
            read.malformed[str(error)] += 1
    return read


def _commit(engine: Engine, read: _Read, place: _Place, enrichment: Enrichment) -> None:
    """Write a batch and how far the file has been read with it, in one transaction."""
    with store.ingesting(engine) as connection:
        salts = store.salts(connection, days_of(read.entries))
        store.write(connection, enrichment.batch(read.entries, salts))
        store.count(connection, MALFORMED, read.malformed)
        values = {
            "head": place.head,
            "position": place.position,
            "digest": place.digest.hexdigest(),
            "lines": place.lines,
            "at": clock.now(),
        }
        if place.row is None:
            made = connection.execute(insert(Import).values(values))
            place.row = cast("tuple[int]", made.inserted_primary_key)[0]
        else:
            connection.execute(update(Import).where(Import.id == place.row).values(values))
