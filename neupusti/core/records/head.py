"""The head of a hash chain, kept in a file outside the database and signed.

A chain shows a changed or missing row, but not that its end was cut off or that all of it
is gone. The file is one line: id and chain value of the newest row, time, signature.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data import disk, keys
from neupusti.core.records.chain import START, Chain


class ForgedHeadError(ValueError):
    """The file holds a line that this site did not sign."""


class BrokenChainError(RuntimeError):
    """The chain does not hold, or does not pass through the kept head."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest row at one time; `id` is 0 where there was none."""

    id: int
    chain: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HeadFile:
    """The file of one chain in the data folder; its name is the use of the key too."""

    name: str

    @property
    def path(self) -> Path:
        """The path of the file."""
        return Path(current_app.instance_path) / self.name

    def line(self) -> str | None:
        """Return the line of the file, as receipts show it; None where none was kept."""
        try:
            return self.path.read_text(errors="replace").strip()
        except FileNotFoundError:
            return None

    def kept(self) -> Head | None:
        """Return the head kept by the last run, or None. Raise ForgedHeadError."""
        found = self.line()
        if found is None:
            return None
        body, _, signature = found.rpartition(" ")
        if not keys.is_signed(self.name, body, signature):
            raise ForgedHeadError
        number, chain, at = body.split(" ")
        return Head(int(number), chain, datetime.fromisoformat(at))

    def keep(self, number: int, chain: str) -> None:
        """Keep row `number` with its `chain` value as the head. Raise OSError."""
        body = f"{number} {chain} {clock.now().isoformat(timespec='seconds')}"
        line = f"{body} {keys.keyed(self.name, body)}\n"
        disk.replace(self.path, line.encode())

    def advance(self, session: Session, chain: Chain) -> None:
        """Check the rows since the kept head, and keep the newest one.

        What came later is what this protects from now on: hence a background job. Raise
        BrokenChainError, OSError.
        """
        if (problem := self.problem(session, chain.model)) is not None:
            raise BrokenChainError(problem)
        kept = self.kept()
        newest = (kept.id, kept.chain) if kept else (0, START)
        for row, sound in chain.rows(session, newest):
            if not sound:
                raise BrokenChainError(f"record {row.id} is not what was chained")
            newest = row.id, row.chain
        self.keep(*newest)

    def problem(self, session: Session, model: type[Any]) -> str | None:
        """Return what is wrong if the kept head is not in the table any more, or None."""
        try:
            kept = self.kept()
        except ForgedHeadError:
            return f"the head in {self.path} was not signed by this site"
        if kept is None or kept.id == 0:
            return None
        row = session.get(model, kept.id, populate_existing=True)
        if row is not None and row.chain == kept.chain:
            return None
        return (
            f"record {kept.id}, the newest one at {kept.at}, is gone or another:"
            f" the chain does not pass through {kept.chain}"
        )
