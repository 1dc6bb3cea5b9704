"""What a feature keeps: whose rows a table holds, how they are found, and for how long."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from flask_babel import LazyString
from sqlalchemy import ColumnElement, FromClause, Select, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped

from neupusti.core.data import finding
from neupusti.core.data.finding import Whose

OWN_ORDER, STAFF_ORDER = 50, 90
"""Where a holding comes among what a person is shown; last what only staff have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A table with rows about people, and how to find a person's rows (6.1.3)."""

    model: type[Any]
    file: Callable[[Any], Path] | None = None
    """The path of the file that belongs to a row; None: there are no files."""
    label: LazyString | None = None
    """What the rows are, for their person; None: as the rule of their term says."""
    order: int = OWN_ORDER
    """Where it comes among what a person is shown, the lowest first."""
    is_sent: bool = False
    """Whether its rows went to an address, and so are its owner's, whoever caused them."""

    unseen: str | None = None
    """Why nobody is shown its rows, not even whom they are about."""
    unblocked: str | None = None
    """Why a block leaves its rows in use: without them nobody could use their rights."""

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
        return or_(*(tie(table, whose) for tie in ties))


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
    def masked(self) -> bool:
        """Whether the rows stay and only lose what identifies people."""
        return self.masks is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndefiniteRetention:
    """What is kept without a fixed number of days, and until when (5.1)."""

    label: str | LazyString
    clause: str
    until: str | LazyString
    models: tuple[type[Any], ...]
    """The tables it covers."""
