"""What becomes of each table's rows about a person: the manifests, put together.

Conditions are SQL: ten thousand orders are destroyed by as many statements as one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    String,
    Table,
    and_,
    case,
    false,
    literal,
    null,
    or_,
)

from neupusti.core import clock, holding
from neupusti.core.data import finding
from neupusti.core.data.classification import Classification, classification
from neupusti.core.data.database import Base
from neupusti.core.data.finding import Whose
from neupusti.core.keeping import Fate, Holding
from neupusti.core.registry import registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Fated:
    """The rows of one table about one person, and what becomes of them."""

    holding: Holding
    whose: Whose
    rows: ColumnElement[bool] | None = None
    """Which rows; None: those about `whose`."""

    @property
    def table(self) -> Table:
        """The table of the rows."""
        found: Table = self.holding.model.__table__
        return found

    @property
    def own(self) -> ColumnElement[bool]:
        """The condition of their rows; what was sent to an address is its owner's."""
        if self.rows is not None:
            return self.rows
        own = finding.own(self.table, self.whose)
        if self.holding.is_sent:
            own = or_(own, finding.mentioned(self.table, self.whose))
        return own

    @property
    def goes(self) -> ColumnElement[bool]:
        """The condition of the rows that go."""
        if self.holding.fate is not Fate.ROW:
            return false()
        return and_(self.own, ~registry().held(self.table))

    @property
    def shown_to_go(self) -> ColumnElement[bool]:
        """The condition of the rows that go as far as their person is told.

        No placed hold counts here: a document may forbid to tell of it, and fewer rows
        than before would tell. Nor does a row that they may not be shown.
        """
        if self.holding.fate is not Fate.ROW:
            return false()
        shipped = [hold for hold in registry().holds_of(self.table) if not hold.placed]
        return and_(
            self.own, self.holding.told(self.table), ~holding.keeps(self.table, shipped)
        )

    @property
    def is_emptied(self) -> bool:
        """Whether some of its rows can stay and lose what identifies people."""
        stays = self.holding.fate is Fate.COLUMNS or (
            self.holding.fate is Fate.ROW and bool(registry().holds_of(self.table))
        )
        return stays and bool(identifying(self.table))

    @property
    def emptied(self) -> ColumnElement[bool]:
        """The condition of the rows that stay and lose something that identifies people."""
        if self.holding.fate is Fate.COLUMNS:
            return self.own
        return and_(self.own, registry().held(self.table), ~self._is_whole)

    @property
    def _is_whole(self) -> ColumnElement[bool]:
        """The condition of the rows that lose nothing while a hold is on them.

        Nothing is written over them: the words about an order are either emptied or never
        change (`order_event`).
        """
        columns = identifying(self.table)
        if any((classification(column) or Classification()).subject for column in columns):
            return false()
        return and_(*(registry().held(self.table, [column.key]) for column in columns))

    @property
    def goes_along(self) -> bool:
        """Whether its rows go with those of another table that goes."""
        return any(True for _key in going_parents(self.table))


def fated(whose: Whose) -> list[Fated]:
    """Return every table with rows about people, children before their parents.

    What is left of a child is found by its parent: the parent must still be what it was.
    """
    by_table = {one.model.__table__: one for one in registry().holdings}
    return [
        Fated(holding=by_table[table], whose=whose)
        for table in reversed(Base.metadata.sorted_tables)
        if table in by_table
    ]


def going_parents(table: Table) -> Iterator[ForeignKey]:
    """Yield the keys to rows with which those of `table` go, where the former can go."""
    going = {one.model.__table__ for one in registry().holdings if one.fate is Fate.ROW}
    for key in table.foreign_keys:
        if key.ondelete == "CASCADE" and key.column.table in going - {table}:
            yield key


def identifying(table: Table) -> list[Column[Any]]:
    """Return the columns that are emptied: personal ones, and numbers where they can be."""
    marks = ((c, classification(c) or Classification()) for c in table.columns)
    return [c for c, m in marks if m.personal or (m.subject and c.nullable)]


def emptying(one: Fated) -> dict[str, Any]:
    """Return column -> the value it gets: empty, or as it is while a hold names it.

    The number of a person always goes: nothing about an erased number may be written.
    """
    values: dict[str, Any] = {}
    for column in identifying(one.table):
        empty: ColumnElement[Any] = null() if column.nullable else literal("", String)
        number = (classification(column) or Classification()).subject
        if not number:
            keeps = registry().held(one.table, [column.key])
            empty = case((keeps, column), else_=empty)
        values[column.key] = empty
    if (emptied := one.holding.emptied_at) is not None:
        names = [column.key for column in identifying(one.table)]
        keeps = registry().held(one.table, names)
        values[emptied.key] = case((keeps, emptied), else_=clock.now())
    return values
