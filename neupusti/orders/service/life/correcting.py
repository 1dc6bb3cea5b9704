"""Correct a name or the phone of an order, as its buyer has asked (6.1.2)."""

from typing import Any

from sqlalchemy.orm import Session

from neupusti.core.blocking.conditions import CONTESTABLE
from neupusti.core.records.journal import Actor
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service import moves, placing
from neupusti.orders.service.errors import NO_ORDER, NoOrderError
from neupusti.orders.service.moves import Press, What

_table: Any = ShopOrder.__table__
FIELDS: tuple[str, ...] = _table.info[CONTESTABLE]


def correct(
    session: Session, number: int, values: dict[str, str], actor: Actor, reason: str
) -> ShopOrder:
    """Set some of FIELDS of an order in the open write transaction; return its row.

    `number` is its id. Raise NoOrderError where it, or what was to be corrected, is gone.
    """
    found = session.get(ShopOrder, number, with_for_update=True)
    if found is None or found.identity_ended_at is not None:
        raise NoOrderError(NO_ORDER)
    press = Press(found.id, found.version, actor)
    order = moves.begin(session, press, though_frozen=True)
    for name, value in values.items():
        setattr(order, name, value)
    if order.phone:
        order.phone_end = order.phone[-placing.PHONE_END :]
    order.search = placing.search_key(order.family_name, order.given_name, order.patronymic)
    moves.report(session, order, What.CORRECTED, actor, reason=reason)
    return order
