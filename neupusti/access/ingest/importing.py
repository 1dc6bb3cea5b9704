"""Import another server's log: tolerant, resumable, each line only once.

A file is identified by its first line and a digest of everything read so far, so a log
that has grown adds only its new lines, compressed or not, whatever its name.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, cast

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from neupusti.access import calendar
from neupusti.access.ingest import judging, store
from neupusti.access.ingest.batch import Enrichment, garbage_collection_paused
from neupusti.access.ingest.logfile import LogFile, decode_lines, open_log
from neupusti.access.ingest.logformats import (
    READ,
    Format,
    MalformedError,
    count_matches,
    parser,
)
from neupusti.access.models import Import, Record, Sweep, Total, moment
from neupusti.access.recording.line import Entry
from neupusti.core import clock

BATCH_LINES = 20_000
CHUNK_BYTES = 1024 * 1024


class OtherFormatError(ValueError):
    """The first lines of a log are of no format, or not of that given; the message says."""


@dataclass(slots=True)
class ImportResult:
    """The result of an import."""

    kind: Format
    requests: int = 0
    malformed: Counter[str] = field(default_factory=Counter)
    known: int = 0
    """Lines that an earlier import had read."""
    unterminated: bool = False
    """Whether the last line is not terminated yet."""
    truncated: bool = False
    """Whether the compressed file ends too early."""


@dataclass(slots=True)
class _Progress:
    """How far a file has been imported: its row in `access_import` and its digest."""

    head: str
    row: int | None
    position: int
    lines: int
    digest: Any


def import_log(  # noqa: PLR0913, PLR0917 - source, target, format and hooks
    engine: Engine,
    path: Path,
    kind: Format | None,
    enrichment: Enrichment,
    hide: Callable[[str], str] = str,
    report_progress: Callable[[int], None] = lambda _: None,
    *,
    dry_run: bool = False,
) -> ImportResult:
    """Import the log `path`; after each batch `report_progress` gets the bytes read.

    Without `kind` the format is that of most of the first new lines. Raise NoLogError or
    OtherFormatError and write nothing if none of them is of this format, or of any. A dry
    run reads and counts everything, and writes nothing.
    """
    with open_log(path) as file:
        first = file.peek()
        progress = _resume(engine, file, first, kind, dry_run=dry_run)
        imported = ImportResult(_format(file.peek() or first, kind), known=progress.lines)
        parse = parser(imported.kind)
        report_progress(file.position())
        while lines := file.lines(BATCH_LINES):
            with garbage_collection_paused():
                read = _parse_lines(decode_lines(lines), parse)
                for entry in read.entries:
                    entry.path, entry.referrer = hide(entry.path), hide(entry.referrer)
                for line in lines:
                    progress.digest.update(line)
                    progress.position += len(line)
                progress.lines += len(lines)
                if not dry_run:
                    _commit(engine, read, progress, enrichment)
            imported.requests += len(read.entries)
            imported.malformed += read.malformed
            report_progress(file.position())
        imported.unterminated, imported.truncated = file.unterminated, file.truncated
    return imported


def _format(lines: list[str], kind: Format | None) -> Format:
    """Return `kind`, or the format of most of `lines`; raise OtherFormatError."""
    matches = count_matches(lines)
    if not lines or kind in matches:
        return kind or Format.COMBINED
    if kind is None and matches:
        return matches.most_common(1)[0][0]
    wanted = f"of the format “{kind}”" if kind else "of a format that is read here"
    others = " or ".join(f"“{one}”" for one in matches)
    raise OtherFormatError(
        f"None of the first {len(lines)} lines is {wanted}. Nothing was imported. "
        + (f"They are of {others}." if others else READ)
    )


def _resume(
    engine: Engine, file: LogFile, first: list[str], kind: Format | None, *, dry_run: bool
) -> _Progress:
    """Find the earlier import of this file, and read the file up to its position.

    `first` are the first lines of the file.
    """
    head, digest, at = sha256(file.head()).hexdigest(), sha256(), 0
    progress, known = _Progress(head, None, 0, 0, digest.copy()), []
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
            progress = _Progress(head, row.id, row.position, row.lines, digest.copy())
    best = kind or next(iter(count_matches(first)), Format.COMBINED)
    entries = _parse_lines(first, parser(best)).entries
    if known and entries and not dry_run and _drop_if_not_kept(engine, known, entries):
        progress = _Progress(head, None, 0, 0, sha256())
    file.file.seek(progress.position)
    return progress


def _drop_if_not_kept(engine: Engine, known: list[int], first: list[Entry]) -> bool:
    """Delete imports that wrote none of the `first` requests of their file.

    Older versions accepted wrong formats and then took the file for imported.
    """
    with store.ingesting(engine) as connection:
        if _were_kept(connection, first):
            return False
        connection.execute(delete(Import).where(Import.id.in_(known)))
    return True


def forget(engine: Engine, number: int) -> bool:
    """Forget how far a file was read, so that it is read anew; return whether it was known.

    Its requests stay: this is for a file of which too little or the wrong was read.
    """
    with store.ingesting(engine) as connection:
        gone = connection.execute(delete(Import).where(Import.id == number))
    return gone.rowcount > 0


def _were_kept(connection: Connection, entries: list[Entry]) -> bool:
    """Return whether these requests were imported, even if destroyed since."""
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
    """The entries of one batch of lines, and its malformed lines by reason."""

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
    engine: Engine, read: _ParsedLines, progress: _Progress, enrichment: Enrichment
) -> None:
    """Write a batch and the position after it in one transaction."""
    with store.ingesting(engine) as connection:
        judging.write(connection, read.entries, enrichment)
        store.count_events(connection, store.MALFORMED, read.malformed)
        values = {
            "head": progress.head,
            "position": progress.position,
            "digest": progress.digest.hexdigest(),
            "lines": progress.lines,
            "at": clock.now(),
        }
        if progress.row is None:
            inserted = connection.execute(insert(Import).values(values))
            progress.row = cast("tuple[int]", inserted.inserted_primary_key)[0]
        else:
            connection.execute(
                update(Import).where(Import.id == progress.row).values(values)
            )
