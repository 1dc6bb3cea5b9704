"""What a feature keeps: whose rows a table holds, how they are found, and for how long."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from flask_babel import LazyString
from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Select,
    Table,
    and_,
    false,
    or_,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped

from neupusti.core.data import finding
from neupusti.core.data.classification import classification
from neupusti.core.data.finding import Whose

OWN_ORDER, STAFF_ORDER = 50, 90
"""Where a holding comes among what a person is shown; last what only staff have."""


class Fate(StrEnum):
    """What becomes of a person's rows when their data are destroyed (6.1.3)."""

    ROW = "row"
    """The row goes; where a law keeps it, only what that law does not name."""
    COLUMNS = "columns"
    """The row stays, without numbers of people and whatever identifies them."""
    EVIDENCE = "evidence"
    """The row stays: it holds numbers and keyed hashes, nothing that anybody reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A table with rows about people, and how to find a person's rows (6.1.3)."""

    model: type[Any]
    file: str | None = None
    """The kind of the files that its rows name in `name`; None: there are no files."""
    label: LazyString | None = None
    """What the rows are, for their person; None: as the rule of their term says."""
    order: int = OWN_ORDER
    """Where it comes among what a person is shown, the lowest first."""
    is_sent: bool = False
    """Whether its rows went to an address, and so are its owner's, whoever caused them."""

    unseen: str | None = None
    """Why nobody is shown its rows, not even whom they are about."""
    fate: Fate = Fate.ROW
    why: str | LazyString = ""
    """Why rows stay when the data are destroyed; empty: as their fate says."""
    emptied_at: InstrumentedAttribute[Any] | None = None
    """The column that holds since when a row identifies nobody."""
    told: Callable[[Table], ColumnElement[bool]] = lambda _table: true()
    """Which of its rows they may be shown at all."""
    unblocked: str | None = None
    """Why a block leaves its rows in use: without them nobody could use their rights."""
    repeated: bool = False
    """Whether the file of decisions may repeat its rows, though their person is gone."""

    def of(self, whose: Whose) -> Select[Any]:
        """Select the rows about `whose`, and those in which they acted or are mentioned."""
        table, ties = self.model.__table__, (finding.own, finding.acted, finding.mentioned)
        return select(self.model).where(or_(*(tie(table, whose) for tie in ties)))

    def shown(self, whose: Whose) -> ColumnElement[bool]:
        """Return the condition of what of it `whose` may see.

        An e-mail to another address would tell whether somebody has an account with it.
        """
        table = self.model.__table__
        if self.unseen:
            return false()
        if self.is_sent:
            return finding.mentioned(table, whose)
        ties = (finding.own, finding.acted, finding.mentioned)
        return and_(self.told(table), or_(*(tie(table, whose) for tie in ties)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheld:
    """A table with personal data in which nobody's rows can be found, and why (6.1.3)."""

    model: type[Any]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long rows are kept, counted from which column (5.1)."""

    label: str | LazyString
    """What is kept, as shown on the page of retention periods."""
    clause: str
    start_label: str | LazyString
    """What `starts_at` holds, as text."""
    model: type[Any]
    starts_at: Mapped[datetime] | Mapped[datetime | None] | Mapped[date]
    days: int | Callable[[], int]
    """The term; a call where a setting gives it."""
    only: Mapping[str, Any] = field(default_factory=dict)
    """Which rows it is about: column -> value, None for NULL, or a tuple of values."""
    along: tuple[InstrumentedAttribute[Any], ...] = ()
    """Columns with the number of a row that goes: what is about it goes along."""
    masks: InstrumentedAttribute[Any] | None = None
    """The column that becomes NULL when the rows lose what identifies people, and stay."""
    custom_sweep: bool = False
    """Whether the feature destroys these rows itself, since deleting is not enough."""
    whole_days: bool = False
    """Whether it destroys them by whole days of Almaty."""

    @property
    def term(self) -> int:
        """The days in force."""
        return self.days if isinstance(self.days, int) else self.days()

    def selects(self, rows: FromClause) -> list[ColumnElement[bool]]:
        """Return the conditions that `rows` are those the rule is about."""
        return [
            rows.c[name].in_(one) if isinstance(one, tuple) else rows.c[name] == one
            for name, one in self.only.items()
        ]

    @property
    def example(self) -> dict[str, Any]:
        """Return values of a row that it is about."""
        return {n: v[0] if isinstance(v, tuple) else v for n, v in self.only.items()}

    @property
    def keys(self) -> tuple[Column[Any], ...]:
        """The columns of the primary key of its rows."""
        return tuple(self.model.__table__.primary_key)

    @property
    def code(self) -> str:
        """What staff and commands call it."""
        column: Any = self.starts_at
        masked = "-masked" if self.masked else ""
        return f"{self.model.__tablename__}.{column.key}{masked}"

    @property
    def masked(self) -> bool:
        """Whether the rows stay and only lose what identifies people."""
        return self.masks is not None

    @property
    def destroys(self) -> tuple[str, ...]:
        """The columns of which a hold has to keep one to stand against it; empty: any."""
        return () if self.masks is None else (self.masks.key,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What stands against destruction: some rows of a table, whole or by column (5.1).

    It holds what belongs to those rows, too. The conditions are about now; a row for which
    one is NULL is not held.
    """

    code: str
    clause: str
    law: str | LazyString
    """What obliges to keep the rows, and where it is laid down."""
    says: str | LazyString
    """What is kept, and how long, for the page of retention periods."""
    model: type[Any]
    rows: Callable[[FromClause], ColumnElement[bool]]
    until: Callable[[FromClause], ColumnElement[Any]]
    """When it ends, a moment or a day; NULL: nobody knows yet."""
    columns: tuple[str, ...] = ()
    """The columns about people that stay with a row; those about nobody always do."""
    whole: bool = False
    """Whether every column stays, of the rows and of what belongs to them."""
    placed: bool = False
    """Whether it is on the rows that members of staff named."""

    def of(self, table: Table) -> tuple[str, ...]:
        """Return the columns about people that stay in `table`."""
        marks = ((column.key, classification(column)) for column in table.columns)
        every = tuple(name for name, mark in marks if mark and mark.about_people)
        return every if self.whole else self.columns


@dataclass(frozen=True, slots=True, kw_only=True)
class IndefiniteRetention:
    """What is kept without a fixed number of days, and until when (5.1)."""

    label: str | LazyString
    clause: str
    until: str | LazyString
    models: tuple[type[Any], ...]
    """The tables it covers."""
