"""Destroy names, phone, address and words of orders that ended long ago (5.1).

The goods, the sums and the region stay for the books. So does the email: without it a guest
could not be told from anybody else who asks for this order.
"""

from datetime import timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import update
from sqlalchemy.orm import Session

from neupusti.core import clock, sweeping
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import truncate_wal
from neupusti.core.keeping import Retention
from neupusti.core.records import journal
from neupusti.core.records.journal import Operation, ProcessingRecord
from neupusti.core.sweeping import Keys
from neupusti.orders.models.address import OrderAddress
from neupusti.orders.models.fulfilment import GoodsReturn, OrderEvent
from neupusti.orders.models.order import ShopOrder

EVERY = timedelta(hours=1)
DAYS = 90
"""The law gives 14 days for a return; the rest is for a dispute about it."""
MOST = 500
"""Orders of one transaction."""


RULE = Retention(
    label=_("The names, the phone and the address of an order, and words about it"),
    clause="3.2.5",
    start_label=_("from its end"),
    model=ShopOrder,
    starts_at=ShopOrder.ended_at,
    days=DAYS,
    masks=ShopOrder.phone,
    custom_sweep=True,
)


def run() -> None:
    """Mask the orders whose term is over. Raise RefusedError."""
    if sweeping.halts(RULE):
        return
    for _masked in sweeping.pieces(RULE, MOST, _mask):
        # Where somebody reads just now, the hourly sweep of retention tries again.
        truncate_wal()


def _mask(session: Session, rows: Keys) -> None:
    """Mask some orders."""
    numbers = [number for (number,) in rows]
    names = ("family_name", "given_name", "patronymic", "search", "comment")
    session.execute(
        update(ShopOrder)
        .where(ShopOrder.id.in_(numbers))
        .values(
            **dict.fromkeys(names, ""),
            phone=None,
            phone_end=None,
            identity_ended_at=clock.now(),
        )
    )
    parts = ("city", "street", "house", "flat", "postcode")
    session.execute(
        update(OrderAddress)
        .where(OrderAddress.order.in_(numbers))
        .values(**dict.fromkeys(parts, ""))
    )
    _blank_words(session, numbers)
    record = ProcessingRecord(
        operation=Operation.DESTRUCTION,
        what=f"names, phone, address of orders: {len(numbers)}",
        why=Purpose.IDENTIFICATION,
        person=None,
    )
    journal.log_processing(session, record)


def _blank_words(session: Session, orders: list[int]) -> None:
    """Blank what staff wrote about `orders`, and buyers about their returns."""
    for words in (OrderEvent.reason, GoodsReturn.words):
        model = words.parent.class_
        rows = update(model).where(model.order.in_(orders), words != "")
        session.execute(rows.values({words.key: ""}))
