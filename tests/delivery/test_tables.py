"""The table of a hand-over, for each kind of recipient: its columns, and no formula."""

import csv
from dataclasses import replace
from io import StringIO

import pytest
from flask import Flask

from neupusti.core.text.csv import BOM, FORMULA
from neupusti.delivery.models import ALLOWED, Channel
from neupusti.delivery.service import fields, waybills
from neupusti.orders.models.order import Delivery
from neupusti.orders.models.recipient import RecipientKind
from neupusti.orders.service.placing import Wish
from tests import handing
from tests.delivery import couriers
from tests.delivery.couriers import WITH_NOTE, ready
from tests.orders import cast
from tests.orders.cast import PICKUP, press

K = RecipientKind
COMMAND = "=cmd|' /C calc'!A0"
HOSTILE = replace(
    WITH_NOTE,
    comment=COMMAND,
    address=replace(
        cast.ADDRESS, city=f"@{COMMAND}", street=f"+{COMMAND}", house="-1", flat="＝1"
    ),
)


@pytest.mark.clause("5.2")
@pytest.mark.situation(19)
@pytest.mark.parametrize(
    ("wish", "kind"),
    [
        (HOSTILE, K.OWN_COURIER),
        (replace(HOSTILE, delivery=Delivery.POST), K.KAZPOST),
        (HOSTILE, K.CDEK),
        (PICKUP, K.PICKUP),
    ],
)
def test_a_table_holds_the_fields_of_its_recipient_and_no_formula(
    app: Flask, wish: Wish, kind: RecipientKind
) -> None:
    couriers.changed(handing.recipient(kind), active=True, contract="Договор 7")
    number, parcel = ready(wish)
    seen = handing.over(press(number), parcel, kind=kind, channel=Channel.CSV).disclosed
    headings, cells = csv.reader(StringIO(waybills.table([seen]).removeprefix(BOM)))
    allowed = {str(fields.LABELS[one]) for one in ALLOWED[kind]}
    assert set(headings) <= allowed
    assert set(headings) == {str(fields.LABELS[one]) for one in seen.values}
    assert [cell for cell in cells if FORMULA.match(cell) and cell[:1] != "'"] == []
    if kind is not K.PICKUP:
        assert f"'+{COMMAND}" in cells
        assert "87010000001" in cells
