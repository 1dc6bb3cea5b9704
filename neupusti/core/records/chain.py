"""A hash chain over the rows of a table: whoever changes one is found out.

Each row's `chain` is the SHA-256 of the one before it, a line feed and the row's text.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

START = "0" * 64
"""What the first row is chained to."""
BATCH = 500


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain of one table, whose rows have an `id` and a `chain`."""

    model: type[Any]
    advisory_lock: int
    """PostgreSQL's advisory lock of whoever appends."""
    encode: Callable[[Any], str]
    """Writes what the chain vouches for; it may never change for a row that is kept."""

    def lock(self, session: Session) -> None:
        """Let nobody else append until the open write transaction ends."""
        # SQLite has one writer as it is (BEGIN IMMEDIATE).
        if session.get_bind().dialect.name == "postgresql":
            lock = text("SELECT pg_advisory_xact_lock(:key)")
            session.execute(lock, {"key": self.advisory_lock})

    def append(self, session: Session, row: Any) -> None:
        """Chain `row` to the newest one in the open write transaction."""
        self.lock(session)
        newest = select(self.model.chain).order_by(self.model.id.desc()).limit(1)
        row.chain = self.link(session.scalar(newest) or START, row)
        session.add(row)
        session.flush()

    def link(self, before: str, row: Any) -> str:
        """Return what chains `row` to the row whose chain value is `before`."""
        return sha256(f"{before}\n{self.encode(row)}".encode()).hexdigest()

    def rows(
        self, session: Session, newest: int | None = None
    ) -> Iterator[tuple[Any, bool]]:
        """Yield each row, or the `newest` so many, and whether the chain vouches for it."""
        rows, before = select(self.model).order_by(self.model.id), START
        if newest is not None:
            ends = select(self.model.id, self.model.chain).order_by(self.model.id.desc())
            if last := session.execute(ends.offset(newest).limit(1)).first():
                rows, before = rows.where(self.model.id > last.id), last.chain
        with closing(session.scalars(rows.execution_options(yield_per=BATCH))) as found:
            for row in found:
                yield row, row.chain == self.link(before, row)
                before = row.chain
