"""The lists of the statistics."""

from dataclasses import dataclass

from flask import abort, render_template

from neupusti.statistics.queries.figures import FigureSource, Item, ListOrder, ListPart
from neupusti.statistics.queries.filters import Dimension
from neupusti.statistics.views import context, state
from neupusti.statistics.views.blueprint import bp
from neupusti.statistics.views.state import ViewState

LONG_LIST = 50
BY_VISITORS = frozenset({Dimension.ENTRY, Dimension.LOYALTY})
"""Dimensions that are counted for visitors only."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of the overview."""

    dimension: Dimension
    items: list[Item]
    order: ListOrder
    more: bool
    whole: int = 0
    """What the shares of its figures are of; 0 where no share is shown."""
    short: bool = False
    """Whether it is only the top of a list, without the links that exclude a value."""

    @property
    def most(self) -> int:
        """The highest figure of the list."""
        return max((getattr(item, self.order) for item in self.items), default=0)


@bp.get("/list/<dimension>/")
def listing(dimension: str) -> str:
    """Show one list, page by page."""
    view = state.current()
    wanted = dimension_or_404(dimension)
    with view.source() as source:
        items = page_of(source, view, wanted, LONG_LIST + 1)
        [total] = source.totals(view.period)
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
    return source.tops(view.period, {dimension: part})[dimension]
