from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from neupusti.core.records.consents import FormConsent
from neupusti.orders.models.address import OrderAddress
from neupusti.orders.models.fulfilment import OrderEvent
from neupusti.orders.models.order import ShopOrder
from tests.proofs.planting import all_turn_red, sql
from tests.proofs.rows import FUTURE, NOW, OLD, disarmed, row

ENDED = {"id": 1, "identity_ended_at": OLD, "phone": None, "phone_end": None}

PLANTS = {
    "orders-with-consent": sql(
        row(ShopOrder, consent=1, placed_at=FUTURE), row(FormConsent, id=1, form="contact")
    ),
    "phones-of-orders": sql(row(ShopOrder, phone_end="9999")),
    "keys-of-orders": sql(row(ShopOrder, email_key="b@example.kz")),
    "addresses-where-needed": sql(row(ShopOrder, id=1), row(OrderAddress, order=1)),
    "addresses-destroyed": sql(
        row(ShopOrder, **ENDED, delivery="courier"),
        row(OrderAddress, order=1, city="Алматы"),
    ),
    "names-destroyed": sql(row(ShopOrder, **ENDED, comment="words")),
    "words-destroyed": sql(
        row(ShopOrder, **ENDED), row(OrderEvent, order=1, reason="words")
    ),
    "orders-of-proved-addresses": sql(row(ShopOrder, person=1)),
    "events-kept": disarmed("payment_entry", "order_immutable"),
}


@pytest.mark.slow
def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)
