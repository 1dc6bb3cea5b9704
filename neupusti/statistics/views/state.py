"""The state of a statistics page, kept entirely in its URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from sqlalchemy import Connection

from neupusti.access.ingest.agents import SCANNER
from neupusti.access.views.blueprint import engine
from neupusti.core.web import pagination
from neupusti.core.web.errors import DomainError
from neupusti.statistics.queries import filters, period
from neupusti.statistics.queries.figures import FigureSource, ListOrder
from neupusti.statistics.queries.filters import COLUMNS, Dimension, Filters, FilterTerm
from neupusti.statistics.queries.period import Period
from neupusti.statistics.queries.rollups import Rollups
from neupusti.statistics.queries.rows import Rows
from neupusti.statistics.views import labels

MAX_ROWS = 2_000_000
"""Filters count raw rows; counting more of them would take too long for a page."""


class TooManyRowsError(DomainError):
    """The filtered period holds more requests than a page may count."""

    def __init__(self, requests: int) -> None:
        super().__init__(
            _(
                "Filters count single requests. In these days and as many before there "
                "were %(requests)s of them: choose fewer days (at most %(most)s requests).",
                requests=labels.number(requests),
                most=labels.number(MAX_ROWS),
            )
        )


@dataclass(frozen=True, slots=True)
class ViewState:
    """What a page shows: a period, filters, and for a list its order and page number."""

    period: Period
    filters: Filters = Filters()
    order: ListOrder = ListOrder.REQUESTS
    page: int = 1
    scanners: bool = False
    """Whether lists count the requests of scanners too."""

    @property
    def counted(self) -> Filters:
        """The filters of the rows that are counted: scanners are left out by default."""
        chosen = any(
            term.dimension is Dimension.BOT and not term.negative
            for term in self.filters.terms
        )
        if self.scanners or chosen:
            return self.filters
        return self.filters.plus(FilterTerm(Dimension.BOT, SCANNER, negative=True))

    @property
    def query(self) -> dict[str, Any]:
        """The query parameters of this state, without defaults."""
        found: dict[str, Any] = {**self.period.query, **self.filters.query}
        if self.order is not ListOrder.REQUESTS:
            found["order"] = self.order.value
        if self.scanners:
            found["scanners"] = "1"
        if self.page > 1:
            found["page"] = self.page
        return found

    def url_to(self, endpoint: str, **values: Any) -> str:
        """Return the URL of another endpoint in this state, starting at its first page."""
        return url_for(endpoint, **values, **replace(self, page=1).query)

    def url_to_same_page(self, endpoint: str, **values: Any) -> str:
        """Return the URL of another endpoint in this state, including the page number."""
        return url_for(endpoint, **values, **self.query)

    def url_here(self, **changes: Any) -> str:
        """Return the URL of this endpoint with some of the state changed."""
        values = request.view_args or {}
        changed = replace(self, **{"page": 1, **changes})
        return url_for(str(request.endpoint), **values, **changed.query)

    def url_with(self, dimension: Dimension, value: str, *, negative: bool = False) -> str:
        """Return the URL of the overview with one more filter."""
        term = FilterTerm(dimension, value, negative)
        changed = replace(
            self, filters=self.filters.plus(term), page=1, order=ListOrder.REQUESTS
        )
        return url_for("statistics.overview", **changed.query)

    def url_without(self, term: FilterTerm) -> str:
        """Return the URL of this page without one filter."""
        return self.url_here(filters=self.filters.minus(term))

    def can_filter(self, dimension: Dimension) -> bool:
        """Return whether requests can be filtered by this dimension."""
        return dimension in COLUMNS

    @contextmanager
    def source(self) -> Iterator[FigureSource]:
        """Open the source of the figures of this state."""
        with engine().connect() as connection:
            yield self.source_for(connection)

    def source_for(self, connection: Connection) -> FigureSource:
        """Return the roll-ups, or the raw rows where filters are set."""
        rollups = Rollups(connection, scanners=self.scanners)
        if not self.filters:
            return rollups
        reach = Period(self.period.before.first, self.period.last)
        [total] = rollups.totals(reach)
        if total.requests > MAX_ROWS:
            raise TooManyRowsError(total.requests)
        return Rows(connection, self.counted, reach)


def current() -> ViewState:
    """Return the state described by the URL of the current request."""
    args = request.args
    wanted = [text for text in (*args.getlist("is"), _term_of_form("is")) if text]
    unwanted = [text for text in (*args.getlist("not"), _term_of_form("not")) if text]
    order = args.get("order", "")
    return ViewState(
        period=period.parse_period(args),
        filters=filters.parse_filters(wanted, unwanted),
        order=ListOrder(order) if order in set(ListOrder) else ListOrder.REQUESTS,
        page=pagination.number(args.get("page")),
        scanners=args.get("scanners") == "1",
    )


def _term_of_form(sense: str) -> str:
    """Return the term that the filter form adds in this sense ("is" or "not"), or ""."""
    args = request.args
    if args.get("sense") != sense or not args.get("value"):
        return ""
    return f"{args.get('dimension', '')}:{args['value']}"
