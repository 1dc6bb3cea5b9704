from collections.abc import Callable
from datetime import datetime

from flask import Flask

from neupusti.core.blocking.models import DataBlock
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.records.consents import FormConsent
from neupusti.delivery.models import Disclosure
from neupusti.orders.models.fulfilment import OrderEvent
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.models.recipient import Recipient, RecipientVersion
from tests.people import GUEST
from tests.proofs.planting import all_turn_red, sql
from tests.proofs.rows import FUTURE, NOW, OLD, bare, row

BLOCK = row(
    DataBlock,
    email_key=GUEST.email,
    scope="all",
    by="person",
    from_at=OLD,
    lifted_at=FUTURE,
)
ORDER = (
    row(
        ShopOrder,
        id=1,
        consent=1,
        placed_at=FUTURE,
        email_key=GUEST.email,
        email=GUEST.email,
    ),
    row(FormConsent, id=1, form="order", purpose="4.1.1"),
)

PLANTS = {
    "checks-of-blocks-end": sql(
        row(DataBlock, person=1, scope="all", by="person", due="2026-01-01")
    ),
    "blocks-are-guarded": bare(
        "DROP TRIGGER guard_shop_order_delete",
        postgresql="ALTER TABLE shop_order DISABLE TRIGGER guard_shop_order",
    ),
    "no-news-to-the-blocked": sql(
        BLOCK,
        row(
            OutboxEmail,
            kind="orders.confirmed",
            recipient=GUEST.email,
            recipient_key=GUEST.email,
            state="sent",
            next_at=NOW,
            done_at=NOW,
        ),
    ),
    "no-hand-over-of-the-blocked": sql(
        BLOCK,
        *ORDER,
        row(Recipient, id=9, kind="pickup"),
        row(
            RecipientVersion,
            id=99,
            recipient=9,
            fields="phone_end",
            active=True,
            contract="1",
        ),
        row(Disclosure, id=1, order=1, parcel=1, recipient=99, purpose="4.1.1", at=NOW),
    ),
    "no-change-of-the-blocked": sql(
        BLOCK, *ORDER, row(OrderEvent, order=1, seq=1, actor_kind="staff", at=NOW)
    ),
}


def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)
