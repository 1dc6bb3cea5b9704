"""What must hold of the ledger, recomputed: `flask delivery verify`."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.core.data import keys
from neupusti.core.data.classification import Purpose
from neupusti.delivery import queries
from neupusti.delivery.models import ALLOWED, CLAUSES, Disclosure, DisclosureField, Field
from neupusti.delivery.service import reading
from neupusti.delivery.service.disclosing import DIGEST, signed_text
from neupusti.orders.models.fulfilment import OrderEvent
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service.moves import What


def broken(session: Session) -> Iterator[str]:
    """Yield a line for each thing that does not hold."""
    for number, left in queries.without_entry(session):
        yield f"{number}: parcel {left} has a recipient and no entry"
    for row, order, parcel, to in queries.entries(session):
        rows = session.scalars(select(DisclosureField.field).filter_by(disclosure=row.id))
        found = frozenset(map(Field, rows))
        if not found:
            yield f"{order.number}: entry {row.id} names no field"
        if more := found - ALLOWED[to.kind]:
            yield f"{order.number}: entry {row.id} has {', '.join(sorted(more))}"
        if _is_gone(session, row, order):
            continue
        personal = found & CLAUSES.keys()
        values = reading.read(session, order, parcel, personal, Purpose(row.purpose))
        text = signed_text(order.number, values)
        if not keys.is_signed(DIGEST, text, row.digest):
            yield f"{order.number}: entry {row.id} was about other data"


def _is_gone(session: Session, row: Disclosure, order: ShopOrder) -> bool:
    """Return whether the values are destroyed, or were changed since."""
    if order.identity_ended_at is not None:
        return True
    later = select(OrderEvent.id).where(
        OrderEvent.order == order.id,
        OrderEvent.seq > row.seq,
        OrderEvent.what.in_((What.ADDRESS.value, What.CORRECTED.value)),
    )
    return session.scalar(later.limit(1)) is not None
