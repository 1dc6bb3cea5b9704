"""Import another server's log: tolerant, resumable, each line only once.

A file is identified by its first line and a digest of everything read so far, so a log
that has grown adds only its new lines, compressed or not, whatever its name. A second
process reads, parses and counts; this one writes.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, Engine, delete, insert, update

from neupusti.access.ingest import judging, store
from neupusti.access.ingest.ahead import ahead
from neupusti.access.ingest.batch import Batch, Enrichment
from neupusti.access.ingest.collecting import garbage_collection_paused
from neupusti.access.ingest.logfile import LogFile, open_log
from neupusti.access.ingest.logformats import READ, Format, count_matches, parser
from neupusti.access.ingest.reading import (
    PART_LINES,
    Part,
    Reader,
    parse_lines,
    redactor,
)
from neupusti.access.ingest.recalling import Recall
from neupusti.access.ingest.resuming import (
    Progress,
    drop_if_not_kept,
    find_progress,
    lines_until,
)
from neupusti.access.models import Import
from neupusti.access.recording.line import Entry
from neupusti.core import clock

SILENT_SECONDS = 3600
"""To recall visitors, a transaction reads all of a file that was imported before."""


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
    """Import the log `path`; after each part `report_progress` gets the bytes read.

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
        upcoming, _ = parse_lines(file.peek(), parse)
        with engine.connect() as connection:
            judging.prepare(connection, enrichment.judge, upcoming[:1], None)
        writer = _Writer(engine, path, parse, enrichment, replace(progress))
        reader = Reader(file, progress, parse, redactor(hide), enrichment)
        with garbage_collection_paused(), closing(_read_ahead(reader.parts())) as parts:
            for part in parts if dry_run else writer.write(parts):
                imported.requests += part.requests
                imported.malformed += part.malformed
                imported.unterminated, imported.truncated = (
                    part.unterminated,
                    part.truncated,
                )
                report_progress(part.bytes_read)
        imported.unterminated |= file.unterminated
        imported.truncated |= file.truncated
    return imported


def _read_ahead(parts: Iterator[Part]) -> Generator[Part, None, None]:
    """Read a log in another process, unless it is short."""
    for part in parts:
        yield part
        if part.more:
            yield from ahead(parts)
            return


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
) -> Progress:
    """Find the earlier import of this file, and go to where it ended.

    `first` are the first lines of the file.
    """
    progress, known = find_progress(engine, file)
    best = kind or next(iter(count_matches(first)), Format.COMBINED)
    file.file.seek(0)
    entries, _ = parse_lines(file.peek(progress.position), parser(best))
    if known and entries and not dry_run and drop_if_not_kept(engine, known, entries):
        progress = Progress.none(progress.head)
    file.go_to(progress.position)
    return progress


def forget(engine: Engine, number: int) -> bool:
    """Forget how far a file was read, so that it is read anew; return whether it was known.

    Its requests stay: this is for a file of which too little or the wrong was read.
    """
    with store.ingesting(engine) as connection:
        gone = connection.execute(delete(Import).where(Import.id == number))
    return gone.rowcount > 0


@dataclass(slots=True)
class _Writer:
    """Writes the parts of a log, some of them in each transaction."""

    engine: Engine
    path: Path
    parse: Callable[[str], Entry]
    enrichment: Enrichment
    progress: Progress
    """How far it is written."""

    def write(self, parts: Iterator[Part]) -> Iterator[Part]:
        """Write `parts`, and yield each of them."""
        recall = Recall(self._earlier)
        for part in parts:
            with store.ingesting(self.engine, silent_seconds=SILENT_SECONDS) as connection:
                store.enlarge_cache(connection)
                yield from self._transaction(connection, chain([part], parts), recall)

    def _transaction(
        self, connection: Connection, parts: Iterator[Part], recall: Recall
    ) -> Iterator[Part]:
        malformed: Counter[str] = Counter()
        for part in parts:
            store.write_rows(connection, part.rows)
            malformed += part.malformed
            yield part
            recall.recall(connection, part.counts)
            store.write(connection, *part.counts)
            if part.verdict is not None:
                judging.save(connection, part.verdict)
                store.count_events(connection, store.MALFORMED, malformed)
                self._save_progress(connection, part)
                return

    def _earlier(self, days: set[str]) -> Batch:
        """Return what was imported of some days until here, from the file itself."""
        batch = self.enrichment.batch()
        with open_log(self.path) as file:
            for lines in lines_until(file, self.progress.position, PART_LINES):
                entries, _ = parse_lines(file.decoded(lines), self.parse)
                batch.add(entry for entry in entries if entry.day in days)
                batch.take_rows()
        return batch

    def _save_progress(self, connection: Connection, part: Part) -> None:
        progress = self.progress
        progress.position, progress.lines = part.position, part.lines
        values = {
            "head": progress.head,
            "position": part.position,
            "digest": part.digest,
            "lines": part.lines,
            "at": clock.now(),
        }
        if progress.row is None:
            inserted = connection.execute(insert(Import).values(values))
            progress.row = cast("tuple[int]", inserted.inserted_primary_key)[0]
        else:
            connection.execute(
                update(Import).where(Import.id == progress.row).values(values)
            )
