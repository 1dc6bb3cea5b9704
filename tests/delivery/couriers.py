"""Orders that are packed, and what happens to them on the way."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.delivery.models import (
    CourierAction,
    CourierVisit,
    Disclosure,
    DisclosureField,
    Field,
)
from neupusti.delivery.service import fields
from neupusti.orders.models.recipient import RecipientVersion
from neupusti.orders.queries import recipients
from neupusti.orders.service.life import deciding, parcels
from neupusti.orders.service.placing import Wish
from tests.orders import cast
from tests.orders.cast import COURIER, press

NOTE = "Домофон 12К"
WITH_NOTE = replace(COURIER, comment=NOTE)


def confirmed(pieces: int = 1, wish: Wish = WITH_NOTE, **buyer: Any) -> str:
    """Return the number of a confirmed order of some pieces for 1,000 tenge."""
    article = f"t{len(cast.letters())}"
    who = replace(cast.BUYER, **buyer)
    number = cast.placed((cast.product(article), pieces), wish=wish, buyer=who).number
    deciding.confirm(press(number))
    return number


def packed(number: str, pieces: int = 1) -> int:
    """Pack some pieces of an order of one line; return the parcel."""
    (line,) = cast.lines_of(number)
    return parcels.pack(press(number), {line.id: pieces})


def ready(wish: Wish = WITH_NOTE) -> tuple[str, int]:
    """Return the number and the parcel of an order that is packed."""
    number = confirmed(wish=wish)
    return number, packed(number)


def state(number: str) -> str:
    """Return where the first parcel of an order is."""
    return cast.seen(number).parcels[0][0].state


def entries() -> list[Disclosure]:
    """Return the ledger."""
    db.session.rollback()
    return list(db.session.scalars(select(Disclosure).order_by(Disclosure.id)))


def entered(entry: int) -> set[str]:
    """Return the fields of an entry, as the ledger has them."""
    db.session.rollback()
    wanted = select(DisclosureField.field).filter_by(disclosure=entry)
    return set(db.session.scalars(wanted))


def deeds() -> list[CourierAction]:
    """Return what couriers did with their links."""
    db.session.rollback()
    rows = db.session.scalars(select(CourierVisit.deed).order_by(CourierVisit.id))
    return [CourierAction(one) for one in rows]


def changed(recipient: int, **columns: Any) -> None:
    """Store another state of a recipient, as of now."""
    with writing() as session:
        (known,) = (x for x in recipients.known(session) if x.id == recipient)
        names = [one.key for one in RecipientVersion.__table__.columns if one.key != "id"]
        values = {name: getattr(known.version, name) for name in names}
        session.add(RecipientVersion(**{**values, "at": clock.now(), **columns}))


def listed(*chosen: str) -> str:
    """Return fields as a recipient's list."""
    return fields.written(map(Field, chosen))
