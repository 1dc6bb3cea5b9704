"""What one feature may contribute to the whole.

A feature describes itself in its `feature.py`; only `neupusti.app` reads those
descriptions, so no two features need to import each other to be assembled.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from flask import Blueprint
from flask_babel import LazyString
from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Mapped

from neupusti.core.background import Job
from neupusti.core.data.classification import person_columns
from neupusti.core.mail.outbox import EmailType
from neupusti.core.records.journal import StaffActionType
from neupusti.core.rules import Rule


class Category(StrEnum):
    """What a visitor decides on, one by one; `necessary` needs no decision."""

    NECESSARY = "necessary"
    PREFERENCES = "preferences"
    STATISTICS = "statistics"
    MARKETING = "marketing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A foreign address that a cookie's category brings along: one directive of the CSP."""

    directive: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie this feature may set, or a family of them (1.1.7, 3.3, 3.3.1).

    The filter, the deletion, the banner, the public table and the CSP all read this one
    declaration; `docs/cookies.md` shows how to add one.
    """

    name: str
    category: Category
    purpose: str | LazyString
    lifetime: timedelta | None = None
    """How long a browser may keep it at most; None: until the browser is closed."""
    set_by: str | LazyString | None = None
    """Who sets and reads it; None: this site itself."""
    prefix: bool = False
    """Whether `name` is only how a family of names begins."""
    path: str = "/"
    domain: str | None = None
    http_only: bool = True
    origins: tuple[Origin, ...] = ()

    def wire_name(self, *, secure: bool) -> str:
        """Return the name as browsers see it: under `__Host-` where the site is secure."""
        if not secure:
            return self.name
        host = self.path == "/" and self.domain is None
        return f"{'__Host-' if host else '__Secure-'}{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Rows this feature holds about a person, and how to find them (6.1.3)."""

    model: type[Any]
    file: Callable[[Any], Path] | None = None
    """Where the file lies that a row stands for; None: a row is all there is."""

    def of(self, person: int) -> Select[Any]:
        """Select the rows in which `person` is the subject or acted."""
        names = person_columns(self.model.__table__)
        return select(self.model).where(or_(*(column == person for column in names)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long rows are kept, counted from which column (5.1)."""

    label: str | LazyString
    """What is kept, as the page of terms calls it."""
    clause: str
    start_label: str | LazyString
    """From what moment, in words: what `since` holds."""
    model: type[Any]
    starts_at: Mapped[datetime] | Mapped[datetime | None] | Mapped[date]
    days: int | Callable[[], int]
    """The term; a call where a setting says it."""
    only: Callable[[], ColumnElement[bool]] | None = None
    """Which rows the rule is about; None: all of them."""
    masked: bool = False
    """Whether the row only loses what tells people apart, and stays."""
    custom_sweep: bool = False
    """Whether the room destroys these rows itself, because deleting them is not enough."""

    @property
    def term(self) -> int:
        """The days in force."""
        return self.days if isinstance(self.days, int) else self.days()


@dataclass(frozen=True, slots=True, kw_only=True)
class IndefiniteRetention:
    """What is kept without a number of days, and until when (5.1)."""

    label: str | LazyString
    clause: str
    until: str | LazyString
    models: tuple[type[Any], ...]
    """Whose rows it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuItem:
    """One line of the staff menu."""

    endpoint: str
    label: str | LazyString


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A line of the staff board: a duty of the policy and its open items (6.2)."""

    clause: str
    label: str | LazyString
    """What an open item is, in the plural."""
    open: Callable[[], int]
    """Counts them; nought is good."""
    endpoint: str | None = None
    """The page of the staff where they are dealt with."""


class Place(StrEnum):
    """Where the frame of every page shows a public page."""

    HEADER = "header"
    FOOTER = "footer"
    ACCOUNT = "account"
    """The first page of a signed-in person's account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that the frame, the sitemap or both should know."""

    endpoint: str
    label: str | LazyString
    places: frozenset[Place] = frozenset()
    first: bool = False
    """Whether it stands before the pages of other features."""
    listed: bool = True
    """Whether it is the same for everybody, so that the sitemap names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """The manifest of one room."""

    name: str
    clauses: tuple[str, ...]
    blueprint: Blueprint | None = None
    access: Mapping[str, Rule] = field(default_factory=dict)
    """Who may call each endpoint it registers."""
    cookies: tuple[Cookie, ...] = ()
    holdings: tuple[Holding, ...] = ()
    retention: tuple[Retention, ...] = ()
    indefinite: tuple[IndefiniteRetention, ...] = ()
    admin_menu: tuple[MenuItem, ...] = ()
    duties: tuple[Duty, ...] = ()
    staff_actions: tuple[StaffActionType, ...] = ()
    """The kinds of actions of staff it writes into the journal."""
    pages: tuple[Page, ...] = ()
    emails: tuple[EmailType, ...] = ()
    """The kinds of letters it sends; all of them are listed to the reader (4.1.7)."""
    jobs: tuple[Job, ...] = ()
    """What it does beside the requests, in one worker of the site."""
    seed: Callable[[], str] | None = None
    """Brings in what the tree ships for this room, idempotently; says what it did."""
    staff_names: Callable[[], Mapping[int, str]] = dict
    """What members of staff are called, by the number the journals know them by."""
    addresses: Callable[[], Iterable[tuple[str, dict[str, Any]]]] = tuple
    """More public addresses for the sitemap: (endpoint, values) of each."""
