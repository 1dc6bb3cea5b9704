"""Ingest the spool into the database, exactly once.

Rows and the position read up to are committed together; a file is removed only after that,
and only when its writer is gone. So a `kill -9` at any moment leaves both or neither.
"""

import logging
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from neupusti.access.ingest import judging, store
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.ingest.collecting import garbage_collection_paused
from neupusti.access.ingest.recalling import Recall
from neupusti.access.recording import spool, tally
from neupusti.access.recording.line import Entry, UnreadableLineError, decode
from neupusti.access.recording.tally import WorkerCounts

logger = logging.getLogger(__name__)

BATCH_LINES = 20_000
"""How many lines go into one transaction."""
CHUNK_BYTES = 4 * 1024 * 1024


@dataclass(slots=True)
class Chunk:
    """Lines read from the spool, and the position of each file after them."""

    entries: list[Entry] = field(default_factory=list)
    positions: dict[str, tuple[int, int]] = field(default_factory=dict)
    """File -> (from, to)."""
    finished: list[Path] = field(default_factory=list)
    """Files read to their end whose writer is gone."""
    malformed: Counter[str] = field(default_factory=Counter)
    lost: int = 0

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not self.positions


def ingest(engine: Engine, folder: Path, enrichment: Enrichment) -> int:
    """Ingest everything in `folder`; return the number of requests."""
    ingested = 0
    while (number := _ingest_chunk(engine, folder, enrichment)) is not None:
        ingested += number
    return ingested


def _ingest_chunk(engine: Engine, folder: Path, enrichment: Enrichment) -> int | None:
    """Ingest the next lines and remove finished files; return None at the end."""
    cursors = read_until(engine, folder)
    with garbage_collection_paused():
        chunk = read(folder, cursors)
        if not (chunk.empty or commit(engine, folder, chunk, enrichment)):
            return 0
    _remove_files(engine, chunk.finished)
    return None if chunk.empty else len(chunk.entries)


def read_until(engine: Engine, folder: Path) -> dict[str, int]:
    """Return how far each file of `folder` has been read, as far as it was."""
    names = [
        *(path.name for path in spool.files(folder)),
        *(worker.path.name for worker in tally.tallies(folder)),
    ]
    with engine.connect() as connection:
        return store.cursors(connection, names)


def read(folder: Path, cursors: dict[str, int]) -> Chunk:
    """Read the next lines of every file of `folder`, in order of time."""
    chunk = Chunk()
    for path in spool.files(folder):
        if len(chunk.entries) >= BATCH_LINES:
            break
        try:
            _read_file(path, cursors.get(path.name, 0), chunk)
        except FileNotFoundError:
            continue
    for worker in tally.tallies(folder):
        _count_lost(worker, cursors.get(worker.path.name, 0), chunk)
    chunk.entries.sort(key=lambda entry: entry.at)
    return chunk


def _read_file(path: Path, start: int, chunk: Chunk) -> None:
    with path.open("rb") as file:
        # Checked first: once it is unlocked, nothing more is written.
        ended = tally.is_unlocked(file.fileno())
        file.seek(start)
        data = file.read(CHUNK_BYTES)
        complete = data.rfind(b"\n") + 1
        # A copy may be shorter than what was read of its original.
        at_end = start + len(data) >= os.fstat(file.fileno()).st_size
    incomplete = ended and at_end and complete < len(data)
    position = start
    for line in data[:complete].splitlines(keepends=True):
        if len(chunk.entries) >= BATCH_LINES:
            break
        position += len(line)
        _decode_line(line, chunk)
    else:
        if incomplete:
            position += len(data) - complete
            chunk.malformed["torn"] += 1
        if ended and at_end and position == start + len(data):
            chunk.finished.append(path)
    if position > start:
        chunk.positions[path.name] = (start, position)


def _decode_line(line: bytes, chunk: Chunk) -> None:
    try:
        chunk.entries.append(decode(line))
    except UnreadableLineError:
        chunk.malformed["unreadable"] += 1


def _count_lost(worker: WorkerCounts, counted: int, chunk: Chunk) -> None:
    """Count the lines a worker lost since the last run; its cursor is their number."""
    if worker.unwritten > counted:
        chunk.positions[worker.path.name] = (counted, worker.unwritten)
        chunk.lost += worker.unwritten - counted
    if not worker.alive:
        chunk.finished.extend(worker.files)


def commit(
    engine: Engine,
    folder: Path,
    chunk: Chunk,
    enrichment: Enrichment,
    recall: Recall | None = None,
) -> bool:
    """Write a chunk; return False if another aggregator has read any of its files.

    Its cursor has moved then, or the file is gone (on SQLite its cursor is deleted after
    that).
    """
    with store.ingesting(engine) as connection:
        for file, (start, _) in chunk.positions.items():
            there = (folder / file).exists()
            if not there or store.position(connection, file) != start:
                return False
        judging.write(connection, chunk.entries, enrichment, recall)
        store.count_events(connection, store.MALFORMED, dict(chunk.malformed))
        store.count_events(connection, store.LOST, {"lines": chunk.lost})
        for file, (_, end) in chunk.positions.items():
            store.save_position(connection, file, end)
    return True


def _remove_files(engine: Engine, files: list[Path]) -> None:
    """Remove finished files, then their cursors."""
    for path in files:
        path.unlink(missing_ok=True)
    if files:
        _forget_cursors(engine, files)


def _forget_cursors(engine: Engine, files: list[Path]) -> None:
    """Delete the cursors of files that are gone; on PostgreSQL a sweep does, in time.

    There an older copy of a file may be handed in, once its machine is dead.
    """
    if engine.dialect.name == "postgresql":
        return
    with store.ingesting(engine) as connection:
        store.delete_cursors(connection, [path.name for path in files])


def sizes(folder: Path) -> dict[str, int]:
    """Return the spool files and their sizes."""
    return {path.name: path.stat().st_size for path in spool.files(folder)}


def has_read(engine: Engine, folder: Path, waiting: dict[str, int]) -> bool:
    """Return whether each of these files has been read up to that size, or is gone."""
    read_to = read_until(engine, folder)
    there = {path.name for path in spool.files(folder)}
    return all(
        read_to.get(name, 0) >= size for name, size in waiting.items() if name in there
    )
