"""Stock that staff count, receive or write off; it is never a field of the product's form.

A count says what it was and what it is: the difference is applied, so pieces sold between
looking and sending stay sold. It names the last movement that was made by hand before it:
a second press, or a second person who counted the same shelf, changes nothing.
"""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from neupusti.catalog.models import MovementKind, StockMovement
from neupusti.catalog.service import products, stock, visibility
from neupusti.catalog.service.errors import CatalogError, ConflictError
from neupusti.catalog.service.stock import Movement
from neupusti.core.data.database import db, writing
from neupusti.core.records.journal import StaffActionType

STOCK = StaffActionType("catalog.stock", _("Changed the stock of a product"))
BY_HAND = (MovementKind.COUNTED, MovementKind.RECEIVED, MovementKind.WRITTEN_OFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """A movement of stock as a form states it."""

    kind: MovementKind
    delta: int
    reason: str
    field: str
    """The field to mark where the stock would fall below nothing."""


def move(number: int, wanted: ByHand, *, last: int, staff: int) -> bool | None:
    """Apply a movement; return whether it changed anything, None: no such product.

    `last` is the number of the last movement by hand in the form. Raise ConflictError where
    there was another one since, and CatalogError where fewer pieces are left.
    """
    with writing() as session:
        product = products.locked(session, number)
        if product is None:
            return None
        latest = last_by_hand(number, session)
        if (latest.id if latest else 0) != last:
            raise ConflictError(*((latest.staff, latest.at) if latest else ()))
        if not wanted.delta:
            return False
        left = product.stock
        movement = Movement(
            product=number,
            delta=wanted.delta,
            kind=wanted.kind,
            staff=staff,
            reason=wanted.reason,
        )
        if not stock.change(session, movement):
            message = _("Only %(left)s are in stock now. Nothing was changed.", left=left)
            raise CatalogError({wanted.field: message})
        what = f"{wanted.delta:+} {wanted.kind.value}"
        products.log(session, STOCK, number, what, staff=staff, reason=wanted.reason)
        session.refresh(product)
        visibility.settle(session, product)
    return True


def last_by_hand(number: int, session: Session | None = None) -> StockMovement | None:
    """Return the last movement that staff made, or None."""
    wanted = movements(number).where(
        StockMovement.kind.in_([kind.value for kind in BY_HAND])
    )
    found: StockMovement | None = (session or db.session()).scalar(wanted.limit(1))
    return found


def movements(number: int) -> Select[Any]:
    """Select the movements of a product, the newest first."""
    wanted = select(StockMovement).where(StockMovement.product == number)
    return wanted.order_by(StockMovement.id.desc())
