"""The state of a statistics page, all of it in its address."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from sqlalchemy import Connection

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

MOST = 2_000_000
"""Filters count single rows: more of them would keep a page for longer than it is worth."""


class TooManyRowsError(DomainError):
    """So many requests cannot be counted one by one while somebody waits."""

    def __init__(self, requests: int) -> None:
        super().__init__(
            _(
                "Filters count single requests. In these days and as many before there "
                "were %(requests)s of them: choose fewer days (at most %(most)s requests).",
                requests=labels.number(requests),
                most=labels.number(MOST),
            )
        )


@dataclass(frozen=True, slots=True)
class ViewState:
    """What a page shows: a period, filters, and for a list its order and page."""

    period: Period
    filters: Filters = Filters()
    order: ListOrder = ListOrder.REQUESTS
    page: int = 1

    @property
    def asked(self) -> dict[str, Any]:
        """What an address says to mean it."""
        said: dict[str, Any] = {**self.period.asked, **self.filters.asked}
        if self.order is not ListOrder.REQUESTS:
            said["order"] = self.order.value
        if self.page > 1:
            said["page"] = self.page
        return said

    def at(self, endpoint: str, **values: Any) -> str:
        """Return the address of another page in this state, from its first page on."""
        return url_for(endpoint, **values, **replace(self, page=1).asked)

    def whole_at(self, endpoint: str, **values: Any) -> str:
        """Return the address of another page in this very state, its page included."""
        return url_for(endpoint, **values, **self.asked)

    def here(self, **changes: Any) -> str:
        """Return the address of this page in another state."""
        values = request.view_args or {}
        changed = replace(self, **{"page": 1, **changes})
        return url_for(str(request.endpoint), **values, **changed.asked)

    def narrowed(self, dimension: Dimension, value: str, *, negative: bool = False) -> str:
        """Return the address of the overview with one more condition."""
        term = FilterTerm(dimension, value, negative)
        changed = replace(
            self, filters=self.filters.plus(term), page=1, order=ListOrder.REQUESTS
        )
        return url_for("statistics.overview", **changed.asked)

    def without(self, term: FilterTerm) -> str:
        """Return the address of this page with one condition less."""
        return self.here(filters=self.filters.minus(term))

    def can_narrow(self, dimension: Dimension) -> bool:
        """Tell whether a value of this dimension can be a condition."""
        return dimension in COLUMNS

    @contextmanager
    def source(self) -> Iterator[FigureSource]:
        """Open where the figures of this state come from."""
        with engine().connect() as connection:
            yield self.of(connection)

    def of(self, connection: Connection) -> FigureSource:
        """Return where the figures come from: roll-ups, or rows where filters are set."""
        rollups = Rollups(connection)
        if not self.filters:
            return rollups
        reach = Period(self.period.before.first, self.period.last)
        if (requests := rollups.totals(reach).requests) > MOST:
            raise TooManyRowsError(requests)
        return Rows(connection, self.filters, reach)


def current() -> ViewState:
    """Return the state that the address of this request asks for."""
    args = request.args
    wanted = [text for text in (*args.getlist("is"), _added("is")) if text]
    unwanted = [text for text in (*args.getlist("not"), _added("not")) if text]
    order = args.get("order", "")
    return ViewState(
        period=period.asked_for(args),
        filters=filters.parsed(wanted, unwanted),
        order=ListOrder(order) if order in set(ListOrder) else ListOrder.REQUESTS,
        page=pagination.number(args.get("page")),
    )


def _added(sense: str) -> str:
    """Return the condition that the filter form adds, if it adds one in this sense."""
    args = request.args
    if args.get("sense") != sense or not args.get("value"):
        return ""
    return f"{args.get('dimension', '')}:{args['value']}"
