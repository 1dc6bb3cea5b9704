"""Take in the spool of a machine that is dead, or a copy of it, each line once.

A spool file has the same name wherever it lies, and the cursors of files that their own
machine has read stay as long as their lines may be stored. Nothing in the folder changes.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlalchemy import Engine

from neupusti.access.ingest import spool_reader
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.ingest.recalling import Recall
from neupusti.access.recording import spool, tally

NAME = re.compile(r"[0-9]+x[0-9a-f]+-[0-9]+\.jsonl")
CHUNK_BYTES = 1024 * 1024


class NoSpoolError(ValueError):
    """A folder that cannot be handed in; the message is a sentence that says why."""


@dataclass(slots=True)
class HandedIn:
    """What became of the lines of a folder."""

    counted: int = 0
    known: int = 0
    """Lines that were counted before."""
    over: int = 0
    """Lines whose term is over: they are not stored."""
    malformed: Counter[str] = field(default_factory=Counter)
    unmasked: bool = False
    """Whether addresses were stored that a sweep has to mask at once."""


def hand_in(  # noqa: PLR0913 - source, target, look-up tables and terms
    engine: Engine,
    folder: Path,
    enrichment: Enrichment,
    *,
    kept: date,
    whole: date,
    dry_run: bool = False,
) -> HandedIn:
    """Count what no cursor has counted; a dry run writes nothing.

    `kept` is the first day whose rows are kept, `whole` the first whose addresses are.
    Repeatable: after a kill at any moment the next run goes on. Raise OSError.
    """
    found, recall = HandedIn(), Recall(lambda _days: enrichment.batch())
    cursors = spool_reader.read_until(engine, folder)
    while not (chunk := spool_reader.read(folder, cursors)).empty:
        entries = [one for one in chunk.entries if one.day >= kept.isoformat()]
        over, chunk.entries = len(chunk.entries) - len(entries), entries
        if not dry_run and not spool_reader.commit(
            engine, folder, chunk, enrichment, recall
        ):
            cursors = spool_reader.read_until(engine, folder)
            continue
        cursors |= {name: end for name, (_, end) in chunk.positions.items()}
        found.counted += len(entries)
        found.over += over
        found.malformed += chunk.malformed
        found.unmasked |= any(one.day < whole.isoformat() for one in entries)
    read = found.counted + found.over + found.malformed["unreadable"]
    found.known = _lines(spool.files(folder)) - read
    return found


def check(folder: Path, own: Path, lock: str) -> None:
    """Raise NoSpoolError unless `folder` is the readable spool of a dead machine.

    `own` is the spool of this machine; `lock` is the file beside a spool that its ingest
    holds.
    """
    if folder.resolve() == own.resolve():
        raise NoSpoolError(f"{folder} is the spool of this machine, which reads it itself.")
    try:
        files = [path for path in folder.iterdir() if NAME.fullmatch(path.name)]
        losses = sorted(folder.glob(f"*{tally.LOST}"))
        held = [path for path in [folder.parent / lock] if path.exists()]
        for path in (*files, *losses, *held):
            with path.open("rb") as file:
                if not tally.is_unlocked(file.fileno()):
                    raise NoSpoolError(
                        f"The machine of {folder} is alive: a process holds {path.name}."
                    )
    except OSError as error:
        where = error.filename or folder
        raise NoSpoolError(f"{where} cannot be read: {error.strerror}.") from error
    if not (files or losses):
        raise NoSpoolError(f"{folder} holds no file of a spool.")


def _lines(paths: Iterable[Path]) -> int:
    """Return how many whole lines some files have."""
    number = 0
    for path in paths:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                number += chunk.count(b"\n")
    return number
