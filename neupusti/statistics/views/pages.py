"""The overview and the lists of the statistics."""

from dataclasses import dataclass
from datetime import datetime

from flask import abort, render_template
from flask_babel import gettext as _
from sqlalchemy import Connection

from neupusti.access.ingest import store
from neupusti.access.recording import tally
from neupusti.access.views.blueprint import aggregator, engine, retention_cutoffs
from neupusti.core import clock
from neupusti.statistics.queries.addresses import ListedAddress, busiest
from neupusti.statistics.queries.figures import FigureSource, Item, ListOrder, ListPart
from neupusti.statistics.queries.filters import Dimension
from neupusti.statistics.queries.health import health
from neupusti.statistics.queries.rollups import log_start
from neupusti.statistics.views import charts, context, insights, labels, state
from neupusti.statistics.views.blueprint import bp
from neupusti.statistics.views.insights import Comparison, FigureChange
from neupusti.statistics.views.state import ViewState

SHORT_LIST, LONG_LIST = 7, 50
LISTS = (
    Dimension.PATH,
    Dimension.ENTRY,
    Dimension.SOURCE,
    Dimension.REFERRER,
    Dimension.COUNTRY,
    Dimension.BROWSER,
    Dimension.OS,
    Dimension.DEVICE,
    Dimension.BOT,
    Dimension.REASON,
    Dimension.STATUS,
    Dimension.CONSENT,
    Dimension.LOYALTY,
)
BY_VISITORS = frozenset({Dimension.ENTRY, Dimension.LOYALTY})
"""Dimensions that are counted for visitors only."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of the overview."""

    dimension: Dimension
    items: list[Item]
    order: ListOrder
    more: bool

    @property
    def most(self) -> int:
        """The highest figure of the list."""
        return max((getattr(item, self.order) for item in self.items), default=0)


@bp.get("/")
def overview() -> str:
    """Show a chart, a summary in words, and the top of every list."""
    view = state.current()
    with engine().connect() as connection:
        source = view.source_for(connection)
        totals = source.totals(view.period)
        points = source.series(view.period)
        listings = [
            one for dimension in LISTS if (one := _listing(source, view, dimension)).items
        ]
        since = _figures_start(connection, view)
        compared = insights.compare(source, view.period, totals, since)
        summary = insights.sentences(source, compared, since)
        addresses: list[ListedAddress] = []
        if not view.filters:
            addresses = busiest(connection, view.period, SHORT_LIST)
        log_health = health(connection, view.period)
        lost = tally.unwritten(aggregator().folder, store.cursors(connection))
    return render_template(
        "statistics/overview.html",
        **context.page_values(view),
        totals=totals,
        tiles=_tiles(compared),
        compared=compared,
        points=points,
        chart=charts.draw_chart(points, view.period.unit),
        listings=listings,
        sentences=summary,
        addresses=addresses,
        health=log_health,
        unwritten=lost,
        partly_destroyed=_partly_destroyed(view),
        Order=ListOrder,
    )


@bp.get("/list/<dimension>/")
def listing(dimension: str) -> str:
    """Show one list, page by page."""
    view = state.current()
    wanted = dimension_or_404(dimension)
    with view.source() as source:
        items = page_of(source, view, wanted, LONG_LIST + 1)
        total = source.totals(view.period)
        order = order_of(source, view, wanted)
        figures = figures_of(source, wanted)
    return render_template(
        "statistics/list.html",
        **context.page_values(view),
        sortable=wanted not in BY_VISITORS,
        figures=figures,
        dimension=wanted,
        listing=Listing(wanted, items[:LONG_LIST], order, len(items) > LONG_LIST),
        totals=total,
        partly_destroyed=_partly_destroyed(view),
        Order=ListOrder,
    )


def dimension_or_404(dimension: str) -> Dimension:
    """Return the dimension named in a URL; abort with 404 for any other."""
    if dimension not in set(Dimension):
        abort(404)
    return Dimension(dimension)


def order_of(source: FigureSource, view: ViewState, dimension: Dimension) -> ListOrder:
    """Return what a list is sorted by."""
    if dimension in BY_VISITORS:
        return ListOrder.VISITORS
    unknown = view.order is ListOrder.VISITORS and not source.counts_visitors(dimension)
    return ListOrder.REQUESTS if unknown else view.order


def figures_of(source: FigureSource, dimension: Dimension) -> list[ListOrder]:
    """Return the figures that each value of a list has."""
    if dimension in BY_VISITORS:
        return [ListOrder.VISITORS]
    with_visitors = source.counts_visitors(dimension)
    return [one for one in ListOrder if with_visitors or one is not ListOrder.VISITORS]


def page_of(
    source: FigureSource, view: ViewState, dimension: Dimension, size: int
) -> list[Item]:
    """Return at most `size` items of the current page of a list."""
    offset = (view.page - 1) * LONG_LIST
    part = ListPart(size, offset, order_of(source, view, dimension))
    return source.top(dimension, view.period, part)


def _listing(source: FigureSource, view: ViewState, dimension: Dimension) -> Listing:
    order = ListOrder.VISITORS if dimension in BY_VISITORS else ListOrder.REQUESTS
    part = ListPart(SHORT_LIST + 1, order=order, with_visitors=False)
    items = source.top(dimension, view.period, part)
    return Listing(dimension, items[:SHORT_LIST], order, len(items) > SHORT_LIST)


def _tiles(compared: Comparison) -> list[tuple[str, str, FigureChange]]:
    """Return the headline figures: label, figure, change."""
    named = {
        "visitors": _("Visitors"),
        "people": _("of them people"),
        "requests": _("Requests"),
        "robots": _("by robots"),
        "not_found": _("Not found"),
        "server_errors": _("Faults on our side"),
    }
    return [
        (label, labels.number(getattr(compared.total, name)), compared.of(name))
        for name, label in named.items()
    ]


def _figures_start(connection: Connection, view: ViewState) -> datetime:
    """Return the start of the figures: filters count rows, which are destroyed in time."""
    first = log_start(connection) or clock.now()
    if not view.filters:
        return first
    return max(first, clock.midnight(retention_cutoffs().destroyed_before))


def _partly_destroyed(view: ViewState) -> bool:
    """Return whether filters cover days whose rows are destroyed."""
    return bool(view.filters) and view.period.first < retention_cutoffs().destroyed_before
