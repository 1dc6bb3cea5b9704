"""Bringing in another server's log: tolerant, resumable, and the same file only once.

A file is known by its content: its first line, and a digest of everything read so far.
So a log that has grown adds only its new lines, packed or not, whatever its name.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, cast

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from neupusti.access import calendar
from neupusti.access.ingest import store
from neupusti.access.ingest.batch import Enrichment, days_of, garbage_collection_paused
from neupusti.access.ingest.logfile import LogFile, decode_lines, open_log
from neupusti.access.ingest.logformats import Format, MalformedError, parser
from neupusti.access.models import Import, Record, Sweep, Total, moment
from neupusti.access.recording.line import Entry
from neupusti.core import clock

BATCH_LINES = 20_000
CHUNK_BYTES = 1024 * 1024


class OtherFormatError(ValueError):
    """A log whose lines are of another format; its words say what was looked at."""


@dataclass(slots=True)
class ImportResult:
    """What an import brought."""

    requests: int = 0
    malformed: Counter[str] = field(default_factory=Counter)
    known: int = 0
    """Lines that an import before had brought already."""
    unterminated: bool = False
    """Whether the last line has no end yet."""
    truncated: bool = False
    """Whether the packing of the file ends too early."""


@dataclass(slots=True)
class _Progress:
    """How far a file has been imported: the row of the table, and the digest so far."""

    head: str
    row: int | None
    position: int
    lines: int
    digest: Any


def import_log(  # noqa: PLR0913, PLR0917 - where from, where to, how to read, how to tell
    engine: Engine,
    path: Path,
    kind: Format,
    enrichment: Enrichment,
    hide: Callable[[str], str] = str,
    told: Callable[[int], None] = lambda _: None,
) -> ImportResult:
    """Import the log `path`; `told` hears after each batch how much of the file is read.

    Raise OtherFormatError, having kept nothing, where none of the lines that come first is
    of this format; after an import before, the first of those that are new.
    """
    imported, parse = ImportResult(), parser(kind)
    with open_log(path) as file:
        first = file.peek()
        place = _resume(engine, file, _parse_lines(first, parse).entries)
        _check_format(path, file.peek() or first, kind)
        imported.known = place.lines
        told(file.position())
        while lines := file.lines(BATCH_LINES):
            with garbage_collection_paused():
                read = _parse_lines(decode_lines(lines), parse)
                for entry in read.entries:
                    entry.path, entry.referrer = hide(entry.path), hide(entry.referrer)
                for line in lines:
                    place.digest.update(line)
                    place.position += len(line)
                place.lines += len(lines)
                _commit(engine, read, place, enrichment)
            imported.requests += len(read.entries)
            imported.malformed += read.malformed
            told(file.position())
        imported.unterminated, imported.truncated = file.unterminated, file.truncated
    return imported


def _check_format(path: Path, lines: list[str], kind: Format) -> None:
    """Refuse lines of which none is of a format, and say which one would read them."""
    fitting = [one for one in Format if _parse_lines(lines, parser(one)).entries]
    if kind in fitting or not lines:
        return
    others = " or ".join(f"“{one}”" for one in fitting) or "none that is known here"
    raise OtherFormatError(
        f"None of the {len(lines)} lines of {path.name} that come first is of the format "
        f"“{kind}”; they are of {others}. Nothing was imported."
    )


def _resume(engine: Engine, file: LogFile, first: list[Entry]) -> _Progress:
    """Find the import that this file continues, and read the file up to there.

    `first` are the first requests of the file.
    """
    head, digest, at = sha256(file.head()).hexdigest(), sha256(), 0
    place, known = _Progress(head, None, 0, 0, digest.copy()), []
    with engine.connect() as connection:
        rows = connection.execute(
            select(Import.id, Import.position, Import.digest, Import.lines)
            .where(Import.head == head)
            .order_by(Import.position)
        ).all()
    for row in rows:
        at += _hash(file.file, row.position - at, digest)
        if at < row.position:
            break
        if digest.hexdigest() == row.digest:
            known.append(row.id)
            place = _Progress(head, row.id, row.position, row.lines, digest.copy())
    if known and first and _drop_if_not_kept(engine, known, first):
        place = _Progress(head, None, 0, 0, sha256())
    file.file.seek(place.position)
    return place


def _drop_if_not_kept(engine: Engine, known: list[int], first: list[Entry]) -> bool:
    """Forget imports that passed over a file: they kept none of its `first` requests.

    Until wrong formats were refused, each left a file that was called known for good.
    """
    with store.ingesting(engine) as connection:
        if _were_kept(connection, first):
            return False
        connection.execute(delete(Import).where(Import.id.in_(known)))
    return True


def _were_kept(connection: Connection, entries: list[Entry]) -> bool:
    """Tell whether these requests were written down, should their rows be destroyed too."""
    wanted = {(moment(entry.at), entry.status, entry.bytes) for entry in entries}
    moments = {at for at, _, _ in wanted}
    there = connection.execute(
        select(Record.at, Record.status, Record.bytes).where(Record.at.in_(moments))
    )
    if 2 * len(wanted & {tuple(row) for row in there}) >= len(wanted):
        return True
    swept = connection.execute(select(func.max(Sweep.destroyed_before))).scalar()
    if swept is None or clock.midnight(swept) <= min(moments):
        return False
    hours = {moment(entry.at // calendar.HOUR * calendar.HOUR) for entry in entries}
    sums = select(Total.start).where(Total.unit == "hour", Total.start.in_(hours)).limit(1)
    return connection.execute(sums).scalar() is not None


def _hash(file: IO[bytes], size: int, digest: Any) -> int:
    done = 0
    while done < size and (chunk := file.read(min(CHUNK_BYTES, size - done))):
        digest.update(chunk)
        done += len(chunk)
    return done


@dataclass(slots=True)
class _ParsedLines:
    """What one batch of lines holds."""

    entries: list[Entry]
    malformed: Counter[str]


def _parse_lines(lines: list[str], parse: Callable[[str], Entry]) -> _ParsedLines:
    read = _ParsedLines([], Counter())
    for text in lines:
        try:
            read.entries.append(parse(text))
        except MalformedError as error:
            read.malformed[str(error)] += 1
    return read


def _commit(
    engine: Engine, read: _ParsedLines, place: _Progress, enrichment: Enrichment
) -> None:
    """Write a batch and how far the file has been read with it, in one transaction."""
    with store.ingesting(engine) as connection:
        salts = store.salts(connection, days_of(read.entries))
        store.write(connection, enrichment.batch(read.entries, salts))
        store.count_events(connection, store.MALFORMED, read.malformed)
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
