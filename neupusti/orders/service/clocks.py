"""Unpaid invoices end their orders, with an email a day before; cash never does."""

from collections.abc import Callable
from datetime import timedelta
from typing import cast

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.blocking.conditions import covered
from neupusti.core.data.database import db, writing
from neupusti.core.records.journal import SYSTEM
from neupusti.core.text import dates
from neupusti.core.text.languages import Language
from neupusti.orders.models.fulfilment import OrderEvent, PaymentEntry
from neupusti.orders.models.order import OrderState, ShopOrder
from neupusti.orders.service import emails, moves
from neupusti.orders.service.errors import MoveError, StaleError
from neupusti.orders.service.life import deciding
from neupusti.orders.service.moves import Press, What

TABLE = cast("Table", ShopOrder.__table__)
EVERY = timedelta(minutes=10)
BEFORE = timedelta(days=1)
REASON = "unpaid invoice"
MOST = 200
"""Orders that one run handles; the next run follows soon."""


def run() -> None:
    """Remind of invoices that end within a day, and cancel the orders of those that ended.

    Of which a part is paid, people decide.
    No order is cancelled within a day of its reminder, though the site was down meanwhile.
    """
    now = clock.now()
    for order in _due(ShopOrder.due_at <= now + BEFORE, ~_reminded()):
        _alone(order, _remind)
    long_ago = _reminded(OrderEvent.at <= now - BEFORE)
    for order in _due(ShopOrder.due_at <= now, long_ago):
        _alone(order, _cancel)


def _due(*conditions: ColumnElement[bool]) -> list[tuple[int, int]]:
    """Return (number, version) of the orders whose clock runs; of the blocked it stands."""
    paid = (
        select(func.coalesce(func.sum(PaymentEntry.amount), 0))
        .where(PaymentEntry.order == ShopOrder.id)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(ShopOrder.id, ShopOrder.version)
        .where(ShopOrder.state != OrderState.CANCELLED.value, ~covered(TABLE), *conditions)
        .where(paid <= 0)
        .order_by(ShopOrder.due_at)
        .limit(MOST)
    )
    found = [(row[0], row[1]) for row in rows]
    db.session.rollback()
    return found


def _reminded(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return (
        select(OrderEvent.id)
        .where(
            OrderEvent.order == ShopOrder.id,
            OrderEvent.what == What.REMINDER.value,
            *conditions,
        )
        .exists()
    )


def _alone(
    order: tuple[int, int], change: Callable[[Session, ShopOrder, Press], None]
) -> None:
    """Make one change in a transaction of its own.

    Where somebody else moved the order meanwhile, or a parcel has left, nothing is to do.
    """
    press = Press(*order, SYSTEM)
    try:
        with writing() as session:
            change(session, moves.begin(session, press, though_frozen=True), press)
    except (StaleError, MoveError):
        return


def _remind(session: Session, order: ShopOrder, press: Press) -> None:
    moves.report(session, order, What.REMINDER, press.actor)
    end = max(order.due_at or clock.now(), clock.now() + BEFORE)
    values = {"end": dates.moment(end, Language(order.language))}
    emails.send(session, emails.REMINDER, order, values)


def _cancel(session: Session, order: ShopOrder, press: Press) -> None:
    deciding.cancel_all(session, order, press, REASON)
