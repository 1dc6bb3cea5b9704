"""What stands against the destruction of an order (5.1)."""

from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    and_,
    case,
    cast,
    literal,
    null,
    or_,
    select,
)

from neupusti.core import clock, holding
from neupusti.core.data.moments import days_after
from neupusti.core.deadlines import terms
from neupusti.core.keeping import Hold
from neupusti.core.records.holds import PlacedHold
from neupusti.orders.models.fulfilment import WAITING, GoodsReturn, PaymentEntry
from neupusti.orders.models.order import OrderState, ShopOrder

_RETURN_LAW = _("the contract of sale, and the term of a return: Law No. 274-IV, art. 30")


def _return_days() -> int:
    return terms.term("RETURN").amount


def _is_open(rows: FromClause) -> ColumnElement[bool]:
    ended = rows.c.ended_at
    return or_(ended.is_(None), ended > clock.now() - timedelta(days=_return_days()))


def _is_returned(rows: FromClause) -> ColumnElement[bool]:
    """Return whether a return waits for its answer or its goods, after those days too."""
    return rows.c.id.in_(select(GoodsReturn.order).where(GoodsReturn.state.in_(WAITING)))


def _years() -> range:
    """Return the years of which the books are kept today, Almaty's."""
    this = clock.today().year
    return range(this - terms.term("ACCOUNTING").amount, this + 1)


def _is_in_the_books(rows: FromClause) -> ColumnElement[bool]:
    """Return whether an order ended in such a year and was not cancelled without money."""
    moved = select(PaymentEntry.order)
    first = clock.midnight(date(_years()[0], 1, 1))
    sold = or_(rows.c.state != OrderState.CANCELLED.value, rows.c.id.in_(moved))
    return and_(rows.c.ended_at >= first, sold)


def _end_of_books(rows: FromClause) -> ColumnElement[Any]:
    """Return 1 January after the years of the term, of which the next is the first."""
    term = terms.term("ACCOUNTING").amount
    return case(
        *(
            (
                rows.c.ended_at < clock.midnight(date(year + 1, 1, 1)),
                literal(date(year + term + 1, 1, 1)),
            )
            for year in _years()
        )
    )


ALL = (
    Hold(
        code="open-order",
        clause="4.1.1",
        law=_RETURN_LAW,
        says=_("An order until 14 days after its end, in which goods can be returned"),
        model=ShopOrder,
        rows=_is_open,
        until=lambda rows: days_after(rows.c.ended_at, _return_days()),
        whole=True,
    ),
    Hold(
        code="open-return",
        clause="4.1.1",
        law=_RETURN_LAW,
        says=_(
            "An order in which goods are being returned, until that is decided and done"
        ),
        model=ShopOrder,
        rows=_is_returned,
        until=lambda _rows: cast(null(), Date),
        whole=True,
    ),
    Hold(
        code="accounting",
        clause="5.1",
        law=_("Tax Code: papers of the books are kept for five tax periods"),
        says=_(
            "Number, dates, goods and sums of an order, without names and addresses, until"
            " 1 January of the sixth year after it"
        ),
        model=ShopOrder,
        rows=_is_in_the_books,
        until=_end_of_books,
    ),
    Hold(
        code="placed-order",
        clause="5.1",
        law=holding.LAW,
        says=holding.SAYS,
        model=ShopOrder,
        rows=lambda rows: holding.on_order(rows.c.number),
        until=lambda rows: holding.last_day(PlacedHold.number == rows.c.number),
        whole=True,
        placed=True,
    ),
)
