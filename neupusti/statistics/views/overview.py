"""The first page of the statistics: what matters first, the technical last."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import render_template
from flask_babel import gettext as _
from sqlalchemy import Connection

from neupusti.access.counters import Totals
from neupusti.access.ingest import store
from neupusti.access.ingest.batch import OF_ALL
from neupusti.access.recording import tally
from neupusti.access.views.blueprint import aggregator, engine, retention_cutoffs
from neupusti.core import clock
from neupusti.policy.service.edition_store import Start, current_store
from neupusti.statistics.queries import errors, events
from neupusti.statistics.queries.addresses import busiest
from neupusti.statistics.queries.figures import (
    FigureSource,
    Item,
    ListOrder,
    ListPart,
    Point,
)
from neupusti.statistics.queries.filters import Dimension
from neupusti.statistics.queries.health import health
from neupusti.statistics.queries.rollups import log_start
from neupusti.statistics.views import (
    charts,
    context,
    findings,
    insights,
    labels,
    state,
    week,
)
from neupusti.statistics.views.blueprint import bp
from neupusti.statistics.views.charts import Mark
from neupusti.statistics.views.findings import FindingLine
from neupusti.statistics.views.insights import Comparison, Remark
from neupusti.statistics.views.pages import BY_VISITORS, Listing
from neupusti.statistics.views.state import ViewState

SHORT_LIST, DEEP = 7, 50
"""The length of a list, and how many values or findings are looked at for it."""
FIRST = (
    Dimension.PATH,
    Dimension.ENTRY,
    Dimension.SOURCE,
    Dimension.REFERRER,
    Dimension.COUNTRY,
)
FOLDED = (
    Dimension.DEVICE,
    Dimension.BROWSER,
    Dimension.OS,
    Dimension.CONSENT,
    Dimension.LOYALTY,
)
TECHNICAL = (
    Dimension.BOT,
    Dimension.REASON,
    Dimension.STATUS,
    Dimension.STATIC,
    Dimension.OWN_PAGE,
)
FINDINGS = 3
"""How many kinds of findings are told."""
ROUTES, MIN_ANSWERS = 50, 20
"""How many of the slowest routes are looked at; a route with fewer answers is left out."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A headline figure, where to read more, and what is shown below it."""

    label: str
    figure: str
    href: str = ""
    change: str = ""
    route: str = ""


@bp.get("/")
def overview() -> str:
    """Show sentences, headline figures, two charts and the top of every list."""
    view = state.current()
    with engine().connect() as connection:
        source = view.source_for(connection)
        points, since = source.series(view.period), _figures_start(connection, view)
        compared = insights.compare(source, view.period, since)
        totals, found = compared.total, _found(source, view)
        lists = _listings(found, view, totals)
        problems = view.url_to("statistics.problems")
        values: dict[str, Any] = {
            "totals": totals,
            "compared": compared,
            "remarks": _remarks(
                view, insights.remarks(compared, _missing(found), since, problems)
            ),
            "tiles": _tiles(connection, view, compared, problems),
            "points": points,
            "people": charts.draw(points, view.period.unit, charts.PEOPLE),
            "requests": charts.draw(points, view.period.unit, charts.REQUESTS),
            "axis": charts.time_axis(points, view.period.unit),
            "editions": _editions(points),
            "starts": _starts(connection, view, points),
            "first": [lists[one] for one in FIRST if one in lists],
            "folded": [lists[one] for one in FOLDED if one in lists],
            "technical": [lists[one] for one in TECHNICAL if one in lists],
            "week": week.table(source, view.period, since),
            "addresses": []
            if view.filters
            else busiest(connection, view.period, SHORT_LIST),
            "health": health(connection, view.period),
            "unwritten": _unwritten(connection),
        }
    return render_template(
        "statistics/overview.html",
        **context.page_values(view),
        **values,
    )


def _unwritten(connection: Connection) -> tally.UnwrittenLines:
    """Return what the workers of this machine could not write and did not count yet."""
    folder = aggregator().folder
    names = [one.path.name for one in tally.tallies(folder)]
    return tally.unwritten(folder, store.cursors(connection, names))


def _remarks(view: ViewState, found: list[Remark]) -> list[Remark | FindingLine]:
    """Return the sentences of the page, the worst first; findings know no filters.

    Of each kind of finding only the worst is told: ten scanners are one sentence.
    """
    worst: dict[str, FindingLine] = {}
    for line in [] if view.filters else findings.worst(view.period, DEEP):
        worst.setdefault(line.key.partition(".")[0], line)
    told: list[Remark | FindingLine] = [*list(worst.values())[:FINDINGS], *found]
    return sorted(told, key=lambda one: -one.severity)


def _found(source: FigureSource, view: ViewState) -> dict[Dimension, list[Item]]:
    """Return the beginning of every list of the page, and what was missed most often."""
    parts = {
        name: ListPart(SHORT_LIST + 1, order=_order(name), with_visitors=False)
        for name in (*FIRST, *FOLDED, *TECHNICAL)
    }
    parts[Dimension.REFERRER] = replace(parts[Dimension.REFERRER], limit=DEEP)
    missed = {Dimension.MISSING: ListPart(1, with_visitors=False)}
    return source.tops(view.period, parts | missed)


def _order(dimension: Dimension) -> ListOrder:
    return ListOrder.VISITORS if dimension in BY_VISITORS else ListOrder.REQUESTS


def _missing(found: dict[Dimension, list[Item]]) -> str:
    """Return the page that was most often not found; empty where all were."""
    return next((one.value.partition("\t")[0] for one in found[Dimension.MISSING]), "")


def _listings(
    found: dict[Dimension, list[Item]], view: ViewState, totals: Totals
) -> dict[Dimension, Listing]:
    """Return the lists that are not empty."""
    others = [one for one in found[Dimension.REFERRER] if labels.is_other_site(one.value)]
    found = {**found, Dimension.REFERRER: others}
    return {
        name: Listing(
            name,
            found[name][:SHORT_LIST],
            _order(name),
            len(found[name]) > SHORT_LIST,
            _whole(view, totals, name),
            short=True,
        )
        for name in (*FIRST, *FOLDED, *TECHNICAL)
        if found[name]
    }


def _whole(view: ViewState, totals: Totals, dimension: Dimension) -> int:
    """Return what the figures of a list are shares of."""
    if dimension is Dimension.LOYALTY:
        return 0  # only of those who agreed to be counted
    if dimension in BY_VISITORS:
        return totals.people
    everybody = view.scanners or dimension in OF_ALL
    return totals.requests - (0 if everybody else totals.scanners)


def _tiles(
    connection: Connection, view: ViewState, compared: Comparison, problems: str
) -> list[Tile]:
    """Return the headline figures; times of answers are not counted under filters."""
    named = {
        "people": (_("People"), ""),
        "views": (_("Their page views"), ""),
        "server_errors": (_("Faults on our side"), problems),
    }
    tiles = [
        Tile(
            label,
            labels.number(getattr(compared.total, name)),
            href,
            compared.of(name).label,
        )
        for name, (label, href) in named.items()
    ]
    return tiles if view.filters else [*tiles, _slowest(connection, view, problems)]


def _slowest(connection: Connection, view: ViewState, problems: str) -> Tile:
    """Return the tile of the slowest route, by the 95th percentile of its answers."""
    label = _("Slowest route, 95 % within")
    for route in errors.slowest_routes(connection, view.period, ROUTES):
        if route.requests >= MIN_ANSWERS:
            return Tile(label, labels.duration(route.p95), problems, route=route.route)
    return Tile(label, "–")


def _editions(points: list[Point]) -> list[tuple[float, Start]]:
    """Return the editions of the policy that took effect in these days, and where."""
    return [
        (x, start)
        for start in current_store().starts
        if (x := charts.place(points, start.at)) is not None
    ]


def _starts(connection: Connection, view: ViewState, points: list[Point]) -> list[Mark]:
    """Return the last starts of the site in these days, newest first."""
    return [
        Mark(x, labels.minute(at))
        for at in events.starts(connection, view.period)
        if (x := charts.place(points, at)) is not None
    ]


def _figures_start(connection: Connection, view: ViewState) -> datetime:
    """Return the start of the figures that can be compared.

    Filters count rows: without their addresses, many people are one.
    """
    first = log_start(connection) or clock.now()
    if not view.filters:
        return first
    return max(first, clock.midnight(retention_cutoffs().masked_before))
