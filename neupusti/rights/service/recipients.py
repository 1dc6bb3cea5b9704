"""Who received a person's data: the ledger of the hand-over (5.2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from neupusti.core.data import finding
from neupusti.core.data.finding import Whose
from neupusti.core.text.languages import current
from neupusti.delivery.models import Disclosure, DisclosureField
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.models.recipient import RecipientVersion
from neupusti.rights.service.reading import CHUNK


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One field of an order that one recipient got."""

    at: datetime
    recipient: str
    order: str
    """Its number."""
    field: str
    clause: str
    channel: str


HANDED_OVER = frozenset({"shop_order", "order_address"})
"""The tables whose values are handed over."""


def received(connection: Connection, whose: Whose) -> Iterator[Received]:
    """Yield what was handed over, the oldest first."""
    name = f"name_{current()}"
    found = (
        _ledger(whose)
        .add_columns(DisclosureField.field, DisclosureField.clause)
        .join(DisclosureField, DisclosureField.disclosure == Disclosure.id)
        .order_by(Disclosure.id, DisclosureField.field)
    )
    streamed = {"stream_results": True, "yield_per": CHUNK}
    rows: Iterator[Row[Any]] = iter(connection.execute(found, execution_options=streamed))
    for row in rows:
        yield Received(
            at=row.at,
            recipient=getattr(row, name),
            order=row.number,
            field=row.field,
            clause=row.clause,
            channel=row.channel,
        )


def names(connection: Connection, whose: Whose) -> tuple[str, ...]:
    """Return the recipients of anything, each once, in the order of the first time."""
    name = getattr(RecipientVersion, f"name_{current()}")
    ledger = _ledger(whose).with_only_columns(name, maintain_column_froms=True)
    first = func.min(Disclosure.id)
    return tuple(connection.scalars(ledger.group_by(name).order_by(first)))


def _ledger(whose: Whose) -> Any:
    orders: Any = ShopOrder.__table__
    return (
        select(
            Disclosure.at,
            Disclosure.channel,
            ShopOrder.number,
            RecipientVersion.name_ru,
            RecipientVersion.name_kk,
            RecipientVersion.name_en,
        )
        .join(ShopOrder, ShopOrder.id == Disclosure.order)
        .join(RecipientVersion, RecipientVersion.id == Disclosure.recipient)
        .where(finding.own(orders, whose))
    )
