"""What ends by itself: unpaid invoices, names and addresses, and whole orders."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.core.data.database import db, writing
from neupusti.core.deadlines import counting
from neupusti.core.deadlines.workdays import Calendar
from neupusti.core.records.journal import ProcessingEvent
from neupusti.core.registry import registry
from neupusti.orders.models.address import OrderAddress
from neupusti.orders.models.fulfilment import GoodsReturn, OrderEvent, ReturnState
from neupusti.orders.models.order import OrderLine, Payment, ShopOrder
from neupusti.orders.models.states import Word
from neupusti.orders.queries import lists
from neupusti.orders.service import clocks, masking
from neupusti.orders.service.errors import MoveError
from neupusti.orders.service.life import changing, deciding, returning
from neupusti.retention.service import sweeps as retention
from tests.orders import cast
from tests.orders.cast import COURIER, press
from tests.orders.test_parcels import P, confirmed, moved, packed
from tests.people import AIGERIM

NOON = datetime(2026, 11, 25, 7, tzinfo=UTC)
"""Noon of a Wednesday in Almaty."""
DUE = datetime(2026, 11, 30, 19, tzinfo=UTC)
DAY = timedelta(days=1)
INVOICE = replace(COURIER, payment=Payment.INVOICE)
Clock = Callable[[datetime], None]


def kinds() -> list[str]:
    return [letter.kind for letter in cast.letters()]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2026, 11, 25), date(2026, 12, 1)),
        (date(2026, 11, 27), date(2026, 12, 3)),
        (date(2026, 11, 28), date(2026, 12, 3)),
        (date(2026, 12, 15), date(2026, 12, 22)),  # the 16th is a holiday
        (
            date(2026, 12, 31),
            date(2027, 1, 9),
        ),  # the 1st, the 2nd moved to the 4th, the 7th
        (date(2027, 1, 5), date(2027, 1, 12)),  # the 7th is one too
        (date(2026, 5, 8), date(2026, 5, 15)),  # the 9th, a Saturday, is moved to Monday
        (date(2026, 5, 26), date(2026, 6, 2)),  # Kurban Ait
        (date(2024, 5, 3), date(2024, 5, 11)),  # Saturday is worked instead of the 8th
    ],
)
def test_three_working_days(start: date, end: date) -> None:
    noon = datetime(start.year, start.month, start.day, 7, tzinfo=UTC)
    midnight = datetime(end.year, end.month, end.day, tzinfo=UTC) - timedelta(hours=5)
    assert counting.end_after(noon, 3, Calendar(estimates=True)) == midnight


@pytest.mark.situation(18)
def test_situation_18_an_unpaid_invoice_ends_after_a_letter_and_cash_never(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    product = cast.product("a")
    cash = cast.placed((product, 1)).number
    number = cast.placed((product, 2), wish=INVOICE).number
    for moment in (NOON, DUE - DAY - timedelta(seconds=1)):
        at(moment)
        clocks.run()
        assert kinds() == ["orders.placed"] * 2
    at(DUE - DAY)
    for _ in range(2):
        clocks.run()
    assert kinds()[2:] == ["orders.reminder"]
    assert "1 декабря 2026" in cast.letters()[-1].text
    at(DUE - timedelta(seconds=1))
    clocks.run()
    assert cast.order_of(number).state == "new"
    at(DUE)
    for _ in range(2):
        clocks.run()
    found = cast.seen(number)
    assert found.status.word is Word.CANCELLED
    assert [(e.what, e.actor_kind) for e in found.events[1:]] == [
        ("reminder", "system"),
        ("moved", "system"),
    ]
    assert kinds()[3:] == ["orders.cancelled"]
    at(NOON + 30 * DAY)
    clocks.run()
    assert cast.seen(cash).status.word is Word.NEW
    assert cast.pieces_of(product) == 9
    assert cast.holds()


def test_no_order_ends_within_a_day_of_its_reminder(app: Flask, at: Clock) -> None:
    at(NOON)
    number = cast.placed((cast.product("a"), 1), wish=INVOICE).number
    late = DUE + 5 * DAY
    at(late)
    clocks.run()
    assert kinds()[1:] == ["orders.reminder"]
    at(late + DAY - timedelta(seconds=1))
    clocks.run()
    assert cast.order_of(number).state == "new"
    at(late + DAY)
    clocks.run()
    assert cast.order_of(number).state == "cancelled"


def test_what_was_paid_packed_or_cancelled_has_no_clock(app: Flask, at: Clock) -> None:
    at(NOON)
    product = cast.product("a")
    paid, gone = (cast.placed((product, 1), wish=INVOICE).number for _ in range(2))
    changing.enter_payment(press(paid), 2500)
    deciding.cancel(press(gone))
    letters = kinds()
    for moment in (DUE - DAY, DUE, DUE + 2 * DAY):
        at(moment)
        clocks.run()
    assert kinds() == letters
    assert cast.order_of(paid).state == "new"


def test_an_order_that_moved_meanwhile_is_left_alone(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(NOON)
    number = cast.placed((cast.product("a"), 1), wish=INVOICE).number
    at(DUE - DAY)
    clocks.run()
    at(DUE)
    stale = [(cast.order_of(number).id, 1)]
    db.session.rollback()
    monkeypatch.setattr(clocks, "_due", lambda *_conditions: stale)
    clocks.run()
    assert cast.order_of(number).state == "new"


def delivered(at: Clock) -> str:
    at(NOON)
    wish = replace(COURIER, comment="Код 12")
    number = confirmed((cast.product("a"), 1), wish=wish)
    moved(number, packed(number, 1), P.HANDED_OVER, P.DELIVERED)
    return number


def said_about(number: str, words: str) -> None:
    """Store a note of staff about an order, and a return of it that was refused."""
    changing.note(press(number), words)
    values = {"asked_at": NOON, "words": words, "state": ReturnState.REFUSED.value}
    with writing() as session:
        session.add(GoodsReturn(order=cast.order_of(number).id, **values))


def test_an_order_past_its_term_takes_no_more_words(app: Flask, at: Clock) -> None:
    number = delivered(at)
    at(NOON + 90 * DAY)
    masking.run()
    with pytest.raises(MoveError, match="В этом состоянии"):
        changing.note(press(number), "Айгерим звонила")
    (line,) = cast.lines_of(number)
    wish = returning.ask(press(number, cast.GUEST), {line.id: 1}, "Айгерим недовольна")
    ((stored, _rows),) = cast.seen(number).returns
    assert (stored.id, stored.state, stored.words) == (wish, "asked", "")
    changing.freeze(press(number), "Айгерим спорит")
    last = cast.seen(number).events[-1]
    assert (last.what, last.reason) == ("block", "")


@pytest.mark.clause("5.1")
@pytest.mark.clause("3.2.5")
def test_names_phone_and_address_go_after_their_term(app: Flask, at: Clock) -> None:
    number = delivered(at)
    said_about(number, "Позвонить Айгерим после развода")
    other = cast.placed((cast.product("b"), 1)).number
    said_about(other, "Другой заказ")
    at(NOON + 90 * DAY - timedelta(seconds=1))
    masking.run()
    assert cast.order_of(number).family_name == "Сериккызы"
    at(NOON + 90 * DAY)
    for _ in range(2):
        masking.run()
    found = cast.seen(number)
    order, address = found.order, cast.address_of(number)
    assert (order.full_name, order.phone, order.phone_end) == ("", None, None)
    assert (order.search, order.comment) == ("", "")
    assert order.identity_ended_at == NOON + 90 * DAY
    assert address is not None
    parts = (address.city, address.street, address.house, address.flat, address.postcode)
    assert (address.region, *parts) == ("KZ-75", "", "", "", "", "")
    assert (order.email, order.total) == (AIGERIM.email, 2500)
    assert cast.order_of(other).family_name == "Сериккызы"
    said = [reason for reason in db.session.scalars(select(OrderEvent.reason)) if reason]
    assert said == ["Другой заказ"]
    assert set(db.session.scalars(select(GoodsReturn.words))) == {"", "Другой заказ"}
    records = list(
        db.session.scalars(select(ProcessingEvent.what).filter_by(operation="destruction"))
    )
    assert records == ["names, phone, address of orders: 1"]
    assert cast.holds()


@pytest.mark.clause("5.1")
def test_an_order_goes_whole_once_the_books_need_it_no_longer(
    app: Flask, at: Clock
) -> None:
    """Ended in 2026, it is kept for the five tax periods from 2027 to 2031."""
    number = delivered(at)
    new_year = datetime(2031, 12, 31, 19, tzinfo=UTC)
    at(new_year - timedelta(seconds=1))
    retention.sweep(registry().retention)
    assert cast.order_of(number).number == number
    db.session.rollback()
    at(new_year)
    retention.sweep(registry().retention)
    for model in (ShopOrder, OrderLine, OrderAddress, OrderEvent):
        assert db.session.scalars(select(model)).all() == []


def test_an_open_order_is_never_swept(app: Flask, at: Clock) -> None:
    at(NOON)
    number = cast.placed((cast.product("a"), 1)).number
    at(NOON + 4000 * DAY)
    retention.sweep(registry().retention)
    masking.run()
    assert cast.order_of(number).family_name == "Сериккызы"


def test_what_is_paid_once_a_part_is_cancelled_does_not_end(app: Flask, at: Clock) -> None:
    at(NOON)
    number = cast.placed((cast.product("a"), 2), wish=INVOICE).number
    (line,) = cast.lines_of(number)
    changing.enter_payment(press(number), 1000 + cast.order_of(number).fee)
    assert cast.order_of(number).due_at == DUE
    deciding.cancel_lines(press(number, cast.GUEST), {line.id: 1})
    for moment in (DUE - DAY, DUE):
        at(moment)
        clocks.run()
    assert cast.seen(number).status.word is Word.PAID
    assert kinds() == ["orders.placed", "orders.cancelled"]


def test_no_clock_ends_an_order_of_which_a_part_is_paid(app: Flask, at: Clock) -> None:
    """A bank kept its fee: that is for people to settle."""
    at(NOON)
    number = cast.placed((cast.product("a"), 1), wish=INVOICE).number
    changing.enter_payment(press(number), 2400)
    for moment in (DUE - DAY, DUE, DUE + 2 * DAY):
        at(moment)
        clocks.run()
    assert (kinds()[1:], cast.order_of(number).state) == ([], "new")
    assert lists.count_due() == 1
    changing.enter_payment(press(number), -2400)
    for moment in (DUE + 3 * DAY, DUE + 4 * DAY):
        at(moment)
        clocks.run()
    assert cast.order_of(number).state == "cancelled"
