"""Find how far a log was imported before, and what was read of it until there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import IO, Any

from sqlalchemy import Connection, Engine, delete, func, select

from neupusti.access import calendar
from neupusti.access.ingest import store
from neupusti.access.ingest.logfile import LogFile
from neupusti.access.models import Import, Record, Sweep, Total, moment
from neupusti.access.recording.line import Entry
from neupusti.core import clock

CHUNK_BYTES = 1024 * 1024


@dataclass(slots=True)
class Progress:
    """How far a file has been imported: its row in `access_import` and its digest."""

    head: str
    row: int | None
    position: int
    lines: int
    digest: Any

    @classmethod
    def none(cls, head: str) -> "Progress":
        """Return the progress of a file of which nothing is imported."""
        return cls(head, None, 0, 0, sha256())


def find_progress(engine: Engine, file: LogFile) -> tuple[Progress, list[int]]:
    """Return the longest earlier import of this file, and the rows of all of them."""
    head, digest, at = sha256(file.head()).hexdigest(), sha256(), 0
    progress, known = Progress.none(head), []
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
            progress = Progress(head, row.id, row.position, row.lines, digest.copy())
    return progress, known


def drop_if_not_kept(engine: Engine, known: Iterable[int], first: list[Entry]) -> bool:
    """Delete imports that wrote none of the `first` requests of their file.

    Older versions accepted wrong formats and then took the file for imported.
    """
    with store.ingesting(engine) as connection:
        if _were_kept(connection, first):
            return False
        connection.execute(delete(Import).where(Import.id.in_(known)))
    return True


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


def lines_until(file: LogFile, position: int, limit: int) -> Iterator[list[bytes]]:
    """Yield the lines of a file up to a position, at most `limit` at a time."""
    while position > 0 and (lines := file.lines(limit)):
        size = sum(map(len, lines))
        while size > position:
            size -= len(lines.pop())
        position -= size
        yield lines
        if not size:
            return


def _hash(file: IO[bytes], size: int, digest: Any) -> int:
    done = 0
    while done < size and (chunk := file.read(min(CHUNK_BYTES, size - done))):
        digest.update(chunk)
        done += len(chunk)
    return done
