"""From the spool into the database, exactly once.

Rows and the place they were read up to are committed together; a file is removed only
after that, and only when nobody writes to it any more. So a `kill -9` at any moment leaves
either both or neither.
"""

import logging
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from neupusti.access.ingest import store
from neupusti.access.ingest.batch import Enrichment, days_of, garbage_collection_paused
from neupusti.access.recording import spool, tally
from neupusti.access.recording.line import Entry, UnreadableLineError, decode
from neupusti.access.recording.tally import WorkerCounts

logger = logging.getLogger(__name__)

BATCH_LINES = 20_000
"""How many lines go into one transaction."""
CHUNK_BYTES = 4 * 1024 * 1024


@dataclass(slots=True)
class Chunk:
    """Lines read from the spool, and how far each file will have been read with them."""

    entries: list[Entry] = field(default_factory=list)
    positions: dict[str, tuple[int, int]] = field(default_factory=dict)
    """File -> (from, to)."""
    finished: list[Path] = field(default_factory=list)
    """Files read to their end that nobody writes to."""
    malformed: Counter[str] = field(default_factory=Counter)
    lost: int = 0

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not self.positions


def ingest(engine: Engine, folder: Path, enrichment: Enrichment) -> int:
    """Bring in everything that waits in `folder`; return how many requests that was."""
    brought = 0
    while (number := _ingest_chunk(engine, folder, enrichment)) is not None:
        brought += number
    return brought


def _ingest_chunk(engine: Engine, folder: Path, enrichment: Enrichment) -> int | None:
    """Bring in the next lines, and remove files that hold no more; None: all is read."""
    with engine.connect() as connection:
        cursors = store.cursors(connection)
    with garbage_collection_paused():
        portion = read(folder, cursors)
        if not (portion.empty or _commit(engine, folder, portion, enrichment)):
            return 0
    _remove_files(engine, portion.finished)
    return None if portion.empty else len(portion.entries)


def read(folder: Path, cursors: dict[str, int]) -> Chunk:
    """Read the next lines of every file of `folder`, in the order of their moments."""
    portion = Chunk()
    for path in spool.files(folder):
        if len(portion.entries) >= BATCH_LINES:
            break
        try:
            _read_file(path, cursors.get(path.name, 0), portion)
        except FileNotFoundError:
            continue
    for told in tally.tallies(folder):
        _count_lost(told, cursors.get(told.path.name, 0), portion)
    portion.entries.sort(key=lambda entry: entry.at)
    return portion


def _read_file(path: Path, start: int, portion: Chunk) -> None:
    with path.open("rb") as file:
        # Asked first: what is written after the answer «nobody» cannot be.
        ended = tally.is_unlocked(file.fileno())
        file.seek(start)
        chunk = file.read(CHUNK_BYTES)
        whole = chunk.rfind(b"\n") + 1
        at_end = start + len(chunk) == os.fstat(file.fileno()).st_size
    torn = ended and at_end and whole < len(chunk)
    position = start
    for line in chunk[:whole].splitlines(keepends=True):
        if len(portion.entries) >= BATCH_LINES:
            break
        position += len(line)
        _decode_line(line, portion)
    else:
        if torn:
            position += len(chunk) - whole
            portion.malformed["torn"] += 1
        if ended and at_end and position == start + len(chunk):
            portion.finished.append(path)
    if position > start:
        portion.positions[path.name] = (start, position)


def _decode_line(line: bytes, portion: Chunk) -> None:
    try:
        portion.entries.append(decode(line))
    except UnreadableLineError:
        portion.malformed["unreadable"] += 1


def _count_lost(told: WorkerCounts, counted: int, portion: Chunk) -> None:
    """Count what a worker lost since it was last asked, as a file read so far."""
    if told.unwritten > counted:
        portion.positions[told.path.name] = (counted, told.unwritten)
        portion.lost += told.unwritten - counted
    if not told.alive:
        portion.finished.extend(told.files)


def _commit(engine: Engine, folder: Path, portion: Chunk, enrichment: Enrichment) -> bool:
    """Write a portion; False where another aggregator was quicker with any of its files.

    Its cursor has moved then, or the file is gone (and only after that its cursor).
    """
    with store.ingesting(engine) as connection:
        for file, (start, _) in portion.positions.items():
            there = (folder / file).exists()
            if not there or store.position(connection, file) != start:
                return False
        salts = store.salts(connection, days_of(portion.entries))
        store.write(connection, enrichment.batch(portion.entries, salts))
        store.count_events(connection, store.MALFORMED, dict(portion.malformed))
        store.count_events(connection, store.LOST, {"lines": portion.lost})
        for file, (_, end) in portion.positions.items():
            store.save_position(connection, file, end)
    return True


def _remove_files(engine: Engine, spent: list[Path]) -> None:
    """Remove files that are read to their end, then their cursors."""
    if not spent:
        return
    for path in spent:
        path.unlink(missing_ok=True)
    with store.ingesting(engine) as connection:
        store.delete_cursors(connection, [path.name for path in spent])


def sizes(folder: Path) -> dict[str, int]:
    """Return the spool files and how long each is now."""
    return {path.name: path.stat().st_size for path in spool.files(folder)}


def has_read(engine: Engine, folder: Path, waiting: dict[str, int]) -> bool:
    """Tell whether each of these files has been read that far, or is gone."""
    with engine.connect() as connection:
        read_to = store.cursors(connection)
    there = {path.name for path in spool.files(folder)}
    return all(
        read_to.get(name, 0) >= size for name, size in waiting.items() if name in there
    )
