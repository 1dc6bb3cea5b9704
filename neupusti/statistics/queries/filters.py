"""Filters of the statistics: values that requests must, or must not, have.

Values of one dimension are alternatives; all dimensions must match.
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
    """A property by which requests are grouped; the value is its name in the roll-ups."""

    PATH = "path"
    ENTRY = "entry"
    SOURCE = "source"
    REFERRER = "referrer"
    OWN_PAGE = "own_page"
    """Referrers of our own, and of what an import called its own host."""
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
    BROKEN = "broken"
    """Of these, what people met."""
    ROBOT_404 = "robot_404"
    STATIC = "static"


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
"""The dimensions that rows have; the others are counted per visitor or day."""


@dataclass(frozen=True, slots=True)
class FilterTerm:
    """One condition: a dimension, a value, and whether it is negated."""

    dimension: Dimension
    value: str
    negative: bool = False

    @property
    def text(self) -> str:
        """Its form in a URL."""
        return f"{self.dimension}:{self.value}"

    @property
    def condition(self) -> ColumnElement[bool]:
        """The SQL condition of rows with the value."""
        column = COLUMNS[self.dimension]
        if self.dimension is Dimension.STATUS:
            if self.value[1:] == "xx" and self.value[:1].isdecimal():
                first = int(self.value[0]) * 100
                return and_(column >= first, column < first + 100)
            known = self.value.isdecimal() and len(self.value) <= 3  # noqa: PLR2004
            equal: ColumnElement[bool] = column == (int(self.value) if known else -1)
            return equal
        if self.value.endswith(WILDCARD):
            # Not LIKE, which ignores case in SQLite.
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
        """The SQL conditions of rows that match."""
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
        """Return these filters with one more."""
        return self if term in self.terms else Filters((*self.terms, term))

    def minus(self, term: FilterTerm) -> "Filters":
        """Return these filters without one."""
        return Filters(tuple(one for one in self.terms if one != term))


def parse_filters(wanted: Iterable[str], unwanted: Iterable[str]) -> Filters:
    """Parse the filters of a URL; ignore invalid ones."""
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
