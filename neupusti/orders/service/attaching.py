"""Tie the orders of a guest to the account that confirms their email (2.4).

Only orders whose own email was proved by a link: who types a foreign address into an order
does not put that order into a foreign account. Those proved later are tied by
`links.open_link`.
"""

from datetime import datetime
from typing import cast

from sqlalchemy import Table, func, select, true, update
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.accounts.service.signals import awaits_destruction, email_confirmed
from neupusti.core.blocking.conditions import covered
from neupusti.core.blocking.models import HASH_USE, Reach, Tombstone
from neupusti.core.data import keys
from neupusti.orders.models.order import ShopOrder


@email_confirmed.connect
def attach(person: Person, *, session: Session) -> None:
    """Give `person` the orders of their address that belong to nobody yet.

    Who had their data destroyed comes back as somebody new: what a law still keeps of the
    time before stays nobody's, and so does what waits to be destroyed (6.1.3).
    """
    if awaits_destruction(session, person.email_key):
        return
    gone_at = destroyed_at(session, person.email_key)
    newer = ShopOrder.placed_at > gone_at if gone_at else true()
    session.execute(
        update(ShopOrder)
        .where(
            ShopOrder.email_key == person.email_key,
            ShopOrder.person.is_(None),
            ShopOrder.email_proved_at.is_not(None),
            newer,
            ~covered(cast("Table", ShopOrder.__table__)),
        )
        .values(person=person.id)
    )


def destroyed_at(session: Session, email_key: str) -> datetime | None:
    """Return when all data of the owner of an address were destroyed last, or None."""
    hashes = keys.keyed_all(HASH_USE, email_key)
    graves = select(func.max(Tombstone.at)).where(
        Tombstone.email_hash.in_(hashes), Tombstone.scope == Reach.ALL.value
    )
    return session.scalar(graves)
