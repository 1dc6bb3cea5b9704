"""A hash chain over the rows of a table: a changed row can be detected.

Each row's `chain` is the SHA-256 of the previous one, a line feed and the row's text.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

START = "0" * 64
"""The chain value before the first row."""
BATCH = 500


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain of one table, whose rows have an `id` and a `chain`."""

    model: type[Any]
    advisory_lock: int
    """The key of PostgreSQL's advisory lock that writers hold."""
    encode: Callable[[Any], str]
    """Returns the text that is hashed; it may never change for a stored row."""

    def lock(self, session: Session) -> None:
        """Keep other writers out until the open write transaction ends."""
        # SQLite has only one writer anyway (BEGIN IMMEDIATE).
        if session.get_bind().dialect.name == "postgresql":
            lock = text("SELECT pg_advisory_xact_lock(:key)")
            session.execute(lock, {"key": self.advisory_lock})

    def append(self, session: Session, row: Any) -> None:
        """Chain `row` to the newest one in the open write transaction."""
        self.lock(session)
        _, newest = self.newest(session)
        row.chain = self.value(session, newest, row)
        session.add(row)
        session.flush()

    def newest(self, session: Session) -> tuple[int, str]:
        """Return id and chain value of the newest row; 0 and START where there is none."""
        return self.before_newest(session, 0)

    def value(
        self,
        session: Session,  # noqa: ARG002 - where a chain has a key, it is stored
        previous: str,
        row: Any,
    ) -> str:
        """Return the chain value of a new `row` in the open write transaction."""
        return self.link(previous, row)

    def checker(self, session: Session) -> Callable[[str, Any], bool]:  # noqa: ARG002 - as above
        """Return how to check a row after the row whose chain value is given."""
        return lambda previous, row: row.chain == self.link(previous, row)

    def link(self, previous: str, row: Any) -> str:
        """Return the chain value of `row` after the row whose chain value is `previous`."""
        return sha256(f"{previous}\n{self.encode(row)}".encode()).hexdigest()

    def rows(
        self, session: Session, after: tuple[int, str] = (0, START)
    ) -> Iterator[tuple[Any, bool]]:
        """Yield each row `after` that of an id and chain value, and whether it is sound."""
        number, previous = after
        is_sound = self.checker(session)
        rows = select(self.model).where(self.model.id > number).order_by(self.model.id)
        with closing(session.scalars(rows.execution_options(yield_per=BATCH))) as found:
            for row in found:
                yield row, is_sound(previous, row)
                previous = row.chain

    def before_newest(self, session: Session, count: int) -> tuple[int, str]:
        """Return id and chain value of the row before the newest `count` ones."""
        ids = select(self.model.id, self.model.chain).order_by(self.model.id.desc())
        row = session.execute(ids.offset(count).limit(1)).first()
        return (row.id, row.chain) if row else (0, START)
