"""Read the rows about a person, and of each row what is theirs to see (6.1.3).

Secrets and derived columns are never read. Of a row about another person only those columns
are shown that say nothing about the other; what is left out is named, not skipped silently.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Table, func, select

from neupusti.core.data import finding
from neupusti.core.data.classification import Classification, classification
from neupusti.core.data.finding import Tie, Whose
from neupusti.core.keeping import Holding
from neupusti.core.mail.models import BLANK, TOKEN, OutboxEmail, blanked

CHUNK = 500
"""Rows that are fetched at once."""
UNMARKED = Classification()
TIES = {tie.value: tie for tie in Tie}
LINK = 44
"""Characters of the shortest text that holds the token of a link."""


class Omission(StrEnum):
    """Why a column is not shown."""

    SECRET = "secret"  # noqa: S105 - a reason
    DERIVED = "derived"
    ANOTHERS = "about another person"


@dataclass(frozen=True, slots=True)
class StaffNumber:
    """The number of a member of staff, or of whoever else acted: not of the person."""

    number: int

    def __str__(self) -> str:
        return f"staff {self.number}"


class ShownRow(NamedTuple):
    """One row as its person may see it."""

    key: tuple[str, ...]
    """Its primary key, as text."""
    tie: Tie
    values: dict[str, Any]
    """Column -> value; columns that say something about another person are missing."""


@dataclass(frozen=True)
class HeldRows:
    """The rows of one table about one person."""

    holding: Holding
    whose: Whose

    @property
    def table(self) -> Table:
        """The table."""
        table: Table = self.holding.model.__table__
        return table

    @cached_property
    def columns(self) -> list[Column[Any]]:
        """The columns that are read: neither secret nor derived."""
        return [c for c in self.table.columns if not _omission(c)]

    @cached_property
    def omitted(self) -> dict[str, Omission]:
        """The columns that are not read, and why."""
        reasons = {c.name: _omission(c) for c in self.table.columns}
        return {name: why for name, why in reasons.items() if why}

    def count(self, connection: Connection) -> int:
        """Return how many rows are shown."""
        rows = select(func.count()).select_from(self.table)
        return connection.scalar(rows.where(self.holding.shown(self.whose))) or 0

    def rows(self, connection: Connection, limit: int | None = None) -> Iterator[ShownRow]:
        """Yield the rows in the order of their keys; hold at most `CHUNK` of them."""
        is_sent = self.holding.is_sent
        tie = finding.tie(self.table, self.whose, is_sent=is_sent).label("tie")
        keys = list(self.table.primary_key.columns)
        chosen = [column.label(f"c{n}") for n, column in enumerate(self.columns)]
        found = (
            select(tie, *(key.label(f"k{n}") for n, key in enumerate(keys)), *chosen)
            .where(self.holding.shown(self.whose))
            .order_by(*keys)
            .limit(limit)
        )
        first = 1 + len(keys)
        streamed = {"stream_results": True, "yield_per": CHUNK}
        for row in connection.execute(found, execution_options=streamed):
            tied = TIES[row[0]]
            yield ShownRow(
                tuple(map(str, row[1:first])), tied, self._shown(tied, row[first:])
            )

    def _shown(self, tie: Tie, values: Any) -> dict[str, Any]:
        row = dict(zip(self._marks, values, strict=True))
        for name in self._subjects if tie is Tie.OWN else self._marks:
            if not self._is_theirs(tie, name, self._marks[name], row[name]):
                del row[name]
        for name in self._actors:
            if row.get(name) not in {None, self.whose.person}:
                row[name] = StaffNumber(row[name])
        for name in self._texts:
            if text := row.get(name):
                row[name] = self._blanked(text)
        return row

    def _blanked(self, text: str) -> str:
        """Return a text without links that open a page; of emails, without codes too."""
        if self.table is OutboxEmail.__table__:
            return blanked(text)
        return TOKEN.sub(BLANK, text) if "/" in text else text

    @cached_property
    def _marks(self) -> dict[str, Classification]:
        return {c.name: classification(c) or UNMARKED for c in self.columns}

    @cached_property
    def _subjects(self) -> list[str]:
        return [name for name, mark in self._marks.items() if mark.subject]

    @cached_property
    def _actors(self) -> list[str]:
        return [name for name, mark in self._marks.items() if mark.actor]

    @cached_property
    def _texts(self) -> list[str]:
        """The columns that can hold a link, and in it a token: it opens what it is for."""
        lengths = ((c.name, getattr(c.type, "length", 0)) for c in self.columns)
        return [name for name, length in lengths if length is None or length >= LINK]

    def _is_theirs(self, tie: Tie, name: str, mark: Classification, value: Any) -> bool:
        """Return whether a value says nothing about another person."""
        if mark.subject:
            return value is None or value == self.whose.person
        if tie is Tie.ACTED:
            return not mark.personal
        return name in self.table.primary_key.columns or (
            mark.personal and self.whose.owns_text(value)
        )


def plain(value: Any) -> Any:
    """Return `value` as JSON and CSV hold it: moments in ISO 8601."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, StaffNumber) else value


def _omission(column: Column[Any]) -> Omission | None:
    mark = classification(column) or UNMARKED
    if mark.secret:
        return Omission.SECRET
    return Omission.DERIVED if mark.derived else None
