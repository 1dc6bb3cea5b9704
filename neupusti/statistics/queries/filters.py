"""Filters of the statistics: which values a request must have, and which it must not.

The values of one dimension are alternatives; different dimensions must all fit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_

from neupusti.access.models import Record

MAX_TERMS = 12
VALUE_LIMIT = 600
WILDCARD = "*"


class Dimension(StrEnum):
    """A way to tell requests apart; the value is its name in the roll-ups."""

    PATH = "path"
    ENTRY = "entry"
    SOURCE = "source"
    REFERRER = "referrer"
    COUNTRY = "country"
    BROWSER = "browser"
    OS = "os"
    DEVICE = "device"
    STATUS = "status"
    METHOD = "method"
    BOT = "bot"
    REASON = "reason"
    CONSENT = "consent"
    LOYALTY = "loyalty"
    MISSING = "missing"


COLUMNS: dict[Dimension, Any] = {
    Dimension.PATH: Record.path,
    Dimension.SOURCE: Record.source,
    Dimension.REFERRER: Record.referrer,
    Dimension.COUNTRY: Record.country,
    Dimension.BROWSER: Record.browser,
    Dimension.OS: Record.os,
    Dimension.DEVICE: Record.device,
    Dimension.STATUS: Record.status,
    Dimension.METHOD: Record.method,
    Dimension.BOT: Record.bot,
    Dimension.REASON: Record.bot_reason,
    Dimension.CONSENT: Record.granted,
}
"""The dimensions that a row has; the others are known of visitors or of days."""


@dataclass(frozen=True, slots=True)
class FilterTerm:
    """One condition: a dimension, a value, and whether it must or must not be."""

    dimension: Dimension
    value: str
    negative: bool = False

    @property
    def text(self) -> str:
        """How an address spells it."""
        return f"{self.dimension}:{self.value}"

    @property
    def condition(self) -> ColumnElement[bool]:
        """What a row must fulfil to have the value."""
        column = COLUMNS[self.dimension]
        if self.dimension is Dimension.STATUS:
            if self.value[1:] == "xx" and self.value[:1].isdecimal():
                first = int(self.value[0]) * 100
                return and_(column >= first, column < first + 100)
            known = self.value.isdecimal() and len(self.value) <= 3  # noqa: PLR2004
            equal: ColumnElement[bool] = column == (int(self.value) if known else -1)
            return equal
        if self.value.endswith(WILDCARD):
            # Not LIKE: to SQLite great and small letters would be the same.
            begin = self.value.removesuffix(WILDCARD)
            begins: ColumnElement[bool] = func.substr(column, 1, len(begin)) == begin
            return begins
        same: ColumnElement[bool] = column == self.value
        return same


@dataclass(frozen=True, slots=True)
class Filters:
    """All conditions of a page."""

    terms: tuple[FilterTerm, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """What a row must fulfil."""
        wanted: dict[Dimension, list[ColumnElement[bool]]] = {}
        for term in self.terms:
            if not term.negative:
                wanted.setdefault(term.dimension, []).append(term.condition)
        return [
            *(or_(*some) for some in wanted.values()),
            *(not_(term.condition) for term in self.terms if term.negative),
        ]

    @property
    def query(self) -> dict[str, list[str]]:
        """The query parameters of these filters."""
        found = {
            "is": [term.text for term in self.terms if not term.negative],
            "not": [term.text for term in self.terms if term.negative],
        }
        return {name: texts for name, texts in found.items() if texts}

    def plus(self, term: FilterTerm) -> "Filters":
        """Return these with one more."""
        return self if term in self.terms else Filters((*self.terms, term))

    def minus(self, term: FilterTerm) -> "Filters":
        """Return these without one."""
        return Filters(tuple(one for one in self.terms if one != term))


def parse_filters(wanted: Iterable[str], unwanted: Iterable[str]) -> Filters:
    """Return the filters an address asks for, without those that mean nothing."""
    terms = [
        term
        for texts, negative in ((wanted, False), (unwanted, True))
        for text in texts
        if (term := _parse_term(text, negative=negative)) is not None
    ]
    return Filters(tuple(dict.fromkeys(terms))[:MAX_TERMS])


def _parse_term(text: str, *, negative: bool) -> FilterTerm | None:
    name, colon, value = text.partition(":")
    if not colon or name not in set(Dimension) or Dimension(name) not in COLUMNS:
        return None
    return FilterTerm(Dimension(name), value.replace("\x00", "")[:VALUE_LIMIT], negative)
