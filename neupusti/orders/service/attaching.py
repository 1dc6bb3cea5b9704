"""Tie the orders of a guest to the account that confirms their email (2.4).

Only orders whose own email was proved by a link: who types a foreign address into an order
does not put that order into a foreign account. Those proved later are tied by
`links.open_link`.
"""

from typing import cast

from sqlalchemy import Table, update
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.accounts.service.signals import email_confirmed
from neupusti.core.blocking.conditions import covered
from neupusti.orders.models.order import ShopOrder


@email_confirmed.connect
def attach(person: Person, *, session: Session) -> None:
    """Give `person` the orders of their address that belong to nobody yet."""
    session.execute(
        update(ShopOrder)
        .where(
            ShopOrder.email_key == person.email_key,
            ShopOrder.person.is_(None),
            ShopOrder.email_proved_at.is_not(None),
            ~covered(cast("Table", ShopOrder.__table__)),
        )
        .values(person=person.id)
    )
