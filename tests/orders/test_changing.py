"""Money, address and notes: what may change, and what never does."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from neupusti.core.data.database import writing
from neupusti.core.records.journal import Actor
from neupusti.orders.models.order import Payment
from neupusti.orders.models.states import Status, Word
from neupusti.orders.service.errors import MoveError
from neupusti.orders.service.life import changing, deciding
from tests.orders import cast
from tests.orders.cast import COURIER, GUEST, PICKUP, press
from tests.orders.test_parcels import P, confirmed, moved, packed

OTHER = replace(cast.ADDRESS, region="KZ-71", city="Астана", street="", house="2")


def amounts(number: str) -> tuple[int, ...]:
    found = cast.seen(number)
    return (
        *(found.order.goods, found.order.fee, found.order.total, found.sums.due),
        *(x.unit_price for x in found.lines),
    )


@pytest.mark.situation(12)
def test_situation_12_no_later_change_moves_an_amount(app: Flask) -> None:
    product = cast.product("a")
    number = confirmed((product, 3))
    before = amounts(number)
    cast.reprice(product, price=9000)
    cast.reprice(product, published=False, name_ru="Другой")
    changing.change_address(press(number), OTHER)
    assert amounts(number) == before
    changing.note(press(number), "Позвонить вечером")
    changing.enter_payment(press(number), 500)
    assert amounts(number) == before
    assert cast.lines_of(number)[0].name == "Чайник a"
    assert cast.holds()


@pytest.mark.clause("3.2.5")
@pytest.mark.parametrize("actor", [GUEST, cast.STAFF])
def test_the_address_changes_until_something_was_handed_over(
    app: Flask, actor: Actor
) -> None:
    number = confirmed((cast.product("a"), 2))
    parcel = packed(number, 1)
    changing.change_address(press(number, actor), OTHER)
    address = cast.address_of(number)
    assert address is not None
    assert (address.region, address.city, address.street) == (
        *("KZ-71", "Астана"),
        "",
    )
    found = cast.seen(number)
    assert (found.status, found.parcels) == (Status(Word.CONFIRMED), [])
    letter = cast.letters()[-1]
    assert letter.kind == "orders.address"
    assert "Астана" not in letter.text
    with pytest.raises(MoveError):
        moved(number, parcel, P.HANDED_OVER)
    moved(number, packed(number, 1), P.HANDED_OVER)
    with pytest.raises(MoveError):
        changing.change_address(press(number, actor), cast.ADDRESS)
    assert cast.holds()


def test_what_is_collected_or_cancelled_gets_no_address(app: Flask) -> None:
    product = cast.product("a")
    for wish, cancelled in ((PICKUP, False), (COURIER, True)):
        number = cast.placed((product, 1), wish=wish).number
        if cancelled:
            deciding.cancel(press(number))
        with pytest.raises(MoveError):
            changing.change_address(press(number), OTHER)


def test_entries_of_money_add_up_and_never_change(app: Flask) -> None:
    wish = replace(COURIER, payment=Payment.INVOICE)
    number = cast.placed((cast.product("a"), 1), wish=wish).number
    changing.enter_payment(press(number), 2000, reference="Kaspi 1")
    assert cast.seen(number).status == Status(Word.NEW)
    assert cast.order_of(number).due_at is not None
    changing.enter_payment(press(number), 500, receipt_url="https://ofd.example.kz/1")
    found = cast.seen(number)
    assert (found.status, found.sums.paid) == (Status(Word.PAID), 2500)
    assert found.order.due_at is None
    deciding.cancel(press(number, GUEST))
    changing.enter_payment(press(number), -2500, reference="Возврат")
    assert cast.seen(number).sums.paid == 0
    for change in (
        *("UPDATE payment_entry SET amount = 1", "DELETE FROM payment_entry"),
        *("UPDATE order_event SET reason = 'x'", "DELETE FROM order_event"),
        "UPDATE order_event SET reason = '', actor = 9",
    ):
        with pytest.raises(DBAPIError, match="never changes"), writing() as session:
            session.execute(text(change))
    assert cast.holds()


@pytest.mark.parametrize(
    ("amount", "reference", "receipt"),
    [
        *((0, "", ""), (100_000_001, "", ""), (-100_000_001, "", ""), (1, "x" * 121, "")),
        *((1, "", "javascript:alert(1)"), (1, "", "https://" + "x" * 500)),
    ],
)
def test_an_entry_of_money_is_checked(
    app: Flask, amount: int, reference: str, receipt: str
) -> None:
    number = cast.placed((cast.product("a"), 1)).number
    with pytest.raises(MoveError):
        changing.enter_payment(
            press(number), amount, reference=reference, receipt_url=receipt
        )
    assert cast.order_of(number).version == 1


def test_a_note_stays_with_staff(app: Flask) -> None:
    number = cast.placed((cast.product("a"), 1)).number
    changing.note(press(number), " Звонить после шести ")
    with pytest.raises(MoveError):
        changing.note(press(number), "  ")
    event = cast.seen(number).events[-1]
    assert (event.what, event.reason) == ("note", "Звонить после шести")
    deciding.confirm(press(number))
    assert not any("шести" in letter.text for letter in cast.letters())
