from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from neupusti.core.proofs.proof import State
from neupusti.core.records.consents import FormConsent
from neupusti.delivery.models import CourierVisit, Disclosure, DisclosureField
from neupusti.orders.models.fulfilment import Parcel
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.models.recipient import Recipient, RecipientVersion
from tests.proofs.planting import all_turn_red, sql, states
from tests.proofs.rows import FUTURE, NOW, OLD, disarmed, row

ORDER = (
    row(ShopOrder, id=1, consent=1, placed_at=FUTURE),
    row(FormConsent, id=1, form="order", purpose="4.1.1"),
)
RECIPIENT = row(Recipient, id=9, kind="pickup")
VERSION = {"id": 99, "recipient": 9, "fields": "phone_end", "active": True, "contract": "1"}
ENTRY = {"id": 1, "order": 1, "parcel": 1, "recipient": 99, "purpose": "4.1.1"}

PLANTS = {
    "fields-on-the-list": sql(
        RECIPIENT,
        row(RecipientVersion, **VERSION),
        row(Disclosure, **ENTRY),
        row(DisclosureField, disclosure=1, field="given_name"),
    ),
    "handed-for-the-order": sql(
        *ORDER,
        RECIPIENT,
        row(RecipientVersion, **VERSION),
        row(Disclosure, **{**ENTRY, "purpose": "4.1.10"}),
    ),
    "handed-under-contract": sql(
        *ORDER,
        RECIPIENT,
        row(RecipientVersion, **{**VERSION, "contract": ""}),
        row(Disclosure, **ENTRY),
    ),
    "hand-overs-entered": sql(row(Parcel, recipient=1)),
    "links-of-couriers-end": sql(
        row(Parcel, id=1, delivered_at=OLD),
        row(Disclosure, **ENTRY),
        row(CourierVisit, disclosure=1, deed="opened"),
    ),
    "ledger-kept": disarmed("disclosure_field", "disclosure_field_immutable"),
}


def test_a_hand_over_in_the_ledger_is_right(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    entry = row(Disclosure, **ENTRY)
    with sql(row(Parcel, id=1, recipient=1), entry)() as looking:
        assert states(looking)["hand-overs-entered"] is State.HOLDS


@pytest.mark.parametrize(
    ("kind", "field", "contract"),
    [("pickup", "phone_end", "1"), ("own_courier", "phone", "")],
)
def test_a_hand_over_is_judged_by_the_kind_of_its_own_recipient(
    app: Flask, at: Callable[[datetime], None], kind: str, field: str, contract: str
) -> None:
    at(NOW)
    with sql(
        *ORDER,
        row(Recipient, id=9, kind=kind),
        row(RecipientVersion, **{**VERSION, "fields": field, "contract": contract}),
        row(Disclosure, **ENTRY),
        row(DisclosureField, disclosure=1, field=field),
    )() as looking:
        found = states(looking)
    assert found["fields-on-the-list"] is found["handed-under-contract"] is State.HOLDS


def test_a_hand_over_after_the_withdrawal_is_a_breach(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    withdrawn = row(FormConsent, id=2, ends=1, at=OLD)
    version, entry = row(RecipientVersion, **VERSION), row(Disclosure, **ENTRY)
    with sql(*ORDER, withdrawn, RECIPIENT, version, entry)() as looking:
        assert states(looking)["handed-for-the-order"] is State.BROKEN


@pytest.mark.slow
def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)
