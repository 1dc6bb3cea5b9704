"""What a feature declares to prove on the live data that a clause holds.

A proof that cannot fail proves nothing: so each run tries it on a forged item, which has
to be found wrong, and on a right one, which must not be.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

from flask_babel import LazyString
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Table,
    cast,
    literal,
    null,
    select,
)
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql import visitors
from sqlalchemy.types import TypeEngine

from neupusti.core.data.database import ACCESS

SECONDS = 2.0
EARLIER = datetime(2026, 1, 1, tzinfo=UTC)  # no mutation: only which is the earlier
LATER = datetime(2026, 1, 2, tzinfo=UTC)  # no mutation: as above
"""Two moments for the rows whose answer is known."""
SOME = 7  # no mutation: any number but 0
"""A number for them, where only that there is one matters."""
Item = TypeVar("Item")


class State(StrEnum):
    """What one run of a proof found."""

    HOLDS = "holds"
    BROKEN = "broken"
    BLIND = "blind"
    """It missed the forged item, or took the right one for wrong."""
    UNFINISHED = "unfinished"
    """It ran out of time, or could not look."""
    NOTHING = "nothing"
    """There was nothing to look at, which is not the same as holding."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How many items were looked at, and how many were wrong."""

    looked: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Looking:
    """The two databases, each by a connection that cannot write."""

    main: Connection
    access: Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class _Declared:
    clauses: tuple[str, ...]
    """Those of the policy that would be violated."""
    name: str
    """Unique, and never changed: results are stored by it."""
    says: LazyString
    """What is looked at and must not be, as a sentence for readers of the policy."""
    seconds: float = SECONDS
    """The time it may take."""
    secrecy: bool = False
    """Whether what is wrong has told personal data to somebody."""
    every: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof(_Declared):
    """A proof by one select: rows, and which of them are wrong."""

    rows: type[DeclarativeBase] | FromClause
    """A mapped class, a table or a subquery; of one database."""
    wrong: Callable[[FromClause], ColumnElement[bool]]
    """What may not be, by the columns of the rows only: so a join belongs into `rows`."""
    forged: Mapping[str, Any]
    """A row that must be found wrong: column -> value, or a function that returns it.

    A column that is not named is NULL; so in `right`.
    """
    right: Mapping[str, Any]
    """A row that must not be found wrong."""

    def __post_init__(self) -> None:
        unknown = {*self.forged, *self.right} - {*self.live.c.keys()}
        if unknown:
            raise ValueError(f"proof {self.name}: no columns {sorted(unknown)}")

    @property
    def live(self) -> FromClause:
        """The rows of the database."""
        rows = self.rows
        return rows.__table__ if isinstance(rows, type) else rows

    @property
    def tables(self) -> set[Table]:
        """The tables from which the rows come."""
        return {one for one in visitors.iterate(self.live) if isinstance(one, Table)}

    def connection(self, looking: Looking) -> Connection:
        """Return the connection to the database of the rows."""
        keys = {table.metadata.info.get("bind_key") for table in self.tables}
        return looking.access if keys == {ACCESS} else looking.main

    def single(self, values: Mapping[str, Any]) -> FromClause:
        """Return `values` as the only row of what has the columns of the live rows."""
        columns = self.live.c
        return select(
            *(
                _typed(values.get(name), column.type).label(name)
                for name, column in columns.items()
            )
        ).subquery()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(_Declared, Generic[Item]):
    """A proof of what no select can say: files, triggers, chains, our own pages."""

    items: Callable[[Looking], Iterable[Item]]
    """Yields everything there is to look at, the wrong as well as the right."""
    wrong: Callable[[Item], bool]
    """Whether an item is wrong."""
    forged: Callable[[], Item]
    """Returns an item that must be found wrong."""
    right: Callable[[], Item]
    """Returns an item that must not be found wrong."""


def _typed(value: Any, kind: TypeEngine[Any]) -> ColumnElement[Any]:
    found = value() if callable(value) else value
    # PostgreSQL would take a NULL without a type for a text.
    return cast(null(), kind) if found is None else literal(found, kind)


AnyProof = Proof | Check[Any]
