"""What must hold of the shop's tables, recomputed: `flask shop verify`."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, func, or_, select
from sqlalchemy.orm import Session

from neupusti.catalog.models import MovementKind, StockMovement
from neupusti.catalog.service import stock
from neupusti.orders.models.fulfilment import (
    GoodsReturn,
    OrderEvent,
    Parcel,
    ParcelLine,
    ParcelState,
    ReturnLine,
    ReturnState,
)
from neupusti.orders.models.order import CANCELLATIONS, OrderLine, ShopOrder


def broken(session: Session) -> Iterator[str]:
    """Yield a line for each thing that does not hold."""
    yield from _stock(session)
    yield from _totals(session)
    yield from _events(session)
    yield from _counters(session)
    yield from _sold(session)


def _stock(session: Session) -> Iterator[str]:
    for product, pieces, moved in stock.mismatches(session):
        yield f"product {product}: stock is {pieces}, its movements add up to {moved}"


def _totals(session: Session) -> Iterator[str]:
    goods = _of_order(func.sum(OrderLine.unit_price * OrderLine.quantity))
    rows = session.execute(
        select(ShopOrder.number, ShopOrder.goods, goods, ShopOrder.fee, ShopOrder.total)
        .where(
            or_(
                goods.is_distinct_from(ShopOrder.goods),
                ShopOrder.total != ShopOrder.goods + ShopOrder.fee,
            )
        )
        .order_by(ShopOrder.id)
    )
    for number, said, added, fee, total in rows:
        yield f"{number}: goods {said} and fee {fee} are {total}, lines add up to {added}"


def _events(session: Session) -> Iterator[str]:
    def of_events(what: ColumnElement[Any]) -> ScalarSelect[Any]:
        return select(what).where(OrderEvent.order == ShopOrder.id).scalar_subquery()

    count, last = of_events(func.count()), of_events(func.max(OrderEvent.seq))
    rows = session.execute(
        select(ShopOrder.number, ShopOrder.version, count, last)
        .where(or_(count != ShopOrder.version, last != ShopOrder.version))
        .order_by(ShopOrder.id)
    )
    for number, version, events, newest in rows:
        yield f"{number}: version {version}, {events} events, the last is {newest}"


def _counters(session: Session) -> Iterator[str]:
    packed = (
        select(func.coalesce(func.sum(ParcelLine.quantity), 0))
        .join(Parcel, Parcel.id == ParcelLine.parcel)
        .where(ParcelLine.line == OrderLine.id, Parcel.state != ParcelState.GONE.value)
        .scalar_subquery()
    )
    returned = (
        select(func.coalesce(func.sum(ReturnLine.quantity), 0))
        .join(GoodsReturn, GoodsReturn.id == ReturnLine.goods_return)
        .where(
            ReturnLine.line == OrderLine.id,
            GoodsReturn.state == ReturnState.RECEIVED.value,
        )
        .scalar_subquery()
    )
    rows = session.execute(
        select(ShopOrder.number, OrderLine.position, packed, returned)
        .join(ShopOrder, ShopOrder.id == OrderLine.order)
        .where(
            or_(
                OrderLine.cancelled + OrderLine.returned > OrderLine.quantity,
                packed > OrderLine.quantity - OrderLine.cancelled,
                returned != OrderLine.returned,
            )
        )
        .order_by(OrderLine.id)
    )
    for number, position, in_parcels, back in rows:
        yield f"{number}, line {position}: {in_parcels} in parcels, {back} came back"


def _sold(session: Session) -> Iterator[str]:
    """Each line took its pieces from stock once, and gave back what was cancelled."""

    def moved(kind: MovementKind, source: ColumnElement[Any]) -> ScalarSelect[Any]:
        return (
            select(func.coalesce(func.sum(StockMovement.delta), 0))
            .where(StockMovement.kind == kind.value, source == OrderLine.id)
            .scalar_subquery()
        )

    sold = moved(MovementKind.SOLD, StockMovement.source.expression)
    back = moved(MovementKind.CANCELLED, StockMovement.source // CANCELLATIONS)
    rows = session.execute(
        select(ShopOrder.number, OrderLine.position, sold, back)
        .join(ShopOrder, ShopOrder.id == OrderLine.order)
        .where(or_(sold != -OrderLine.quantity, back != OrderLine.cancelled))
        .order_by(OrderLine.id)
    )
    for number, position, out, cancelled in rows:
        yield f"{number}, line {position}: stock moved by {out} and {cancelled}"


def _of_order(what: ColumnElement[Any]) -> ScalarSelect[Any]:
    return select(what).where(OrderLine.order == ShopOrder.id).scalar_subquery()
