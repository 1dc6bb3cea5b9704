"""Which rows a hold keeps, which of their columns, and until when."""

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import Table, insert, select, text, update
from sqlalchemy.exc import DatabaseError

from neupusti.contact.models import ContactRequest
from neupusti.core.data.database import Base, db, writing
from neupusti.core.records.consents import ConsentText, FormConsent
from neupusti.core.records.holds import WAIT, PlacedHold
from neupusti.core.registry import registry
from neupusti.orders.models.address import OrderAddress
from neupusti.orders.models.fulfilment import GoodsReturn, PaymentEntry
from neupusti.orders.models.order import OrderLine, ShopOrder
from neupusti.rights.models import DataRequest
from tests.orders import cast as shop
from tests.proofs.rows import row
from tests.times import NOON, Clock

PERSON = 7
DAY = timedelta(days=1)
NEVER = date(2027, 5, 1)


def planted(*statements: str) -> None:
    """Store rows, whatever they refer to."""
    with writing() as session:
        connection = session.connection()
        if connection.dialect.name == "sqlite":
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        for one in statements:
            connection.execute(text(one))


def place(**values: Any) -> int:
    """Place a hold; return its number."""
    given = {
        "code": secrets.token_hex(4),
        "law": "Уголовно-процессуальный кодекс",
        "document": "№ 12 от 1 ноября 2026",
        "reason": "Следствие",
        "silent": False,
        "at": NOON,
        "needs_second": False,
        "review": NEVER,
        **values,
    }
    with writing() as session:
        hold = PlacedHold(**given)
        session.add(hold)
        session.flush()
        return hold.id


def held(model: type[Base], *columns: str) -> list[Any]:
    """Return the keys of the rows that are held."""
    db.session.rollback()
    table = cast("Table", model.__table__)
    [key] = table.primary_key
    return list(db.session.scalars(select(key).where(registry().held(table, columns))))


def until(model: type[Base], code: str) -> Any:
    """Return when the hold on the only row that it holds ends."""
    db.session.rollback()
    table = cast("Table", model.__table__)
    [hold] = [one for one in registry().holds_of(table) if one.code == code]
    found = select(hold.until(table)).select_from(table).where(hold.rows(table))
    return db.session.execute(found).scalar_one()


@pytest.fixture
def order(app: Flask, at: Clock) -> str:
    """The number of an order of Айгерим, placed at noon."""
    at(NOON)
    product = shop.product("T-1")
    return shop.placed((product, 1)).number


def set_order(number: str, **values: object) -> None:
    with writing() as session:
        session.execute(update(ShopOrder).filter_by(number=number).values(**values))


@pytest.mark.clause("5.1")
@pytest.mark.manifest(field="holds")
def test_an_open_order_is_held_whole_until_goods_can_no_longer_be_returned(
    order: str, at: Clock
) -> None:
    assert len(held(ShopOrder, "phone")) == len(held(OrderAddress, "city")) == 1
    assert until(ShopOrder, "open-order") is None
    set_order(order, ended_at=NOON)
    assert until(OrderAddress, "open-order") == NOON + 14 * DAY
    at(NOON + 14 * DAY)
    assert held(ShopOrder, "phone") == held(OrderAddress, "city") == []


@pytest.mark.manifest(field="holds")
@pytest.mark.clause("5.1")
@pytest.mark.parametrize(
    ("state", "is_held"),
    [("asked", True), ("accepted", True), ("refused", False), ("received", False)],
)
def test_an_order_whose_goods_come_back_is_held_whole_until_they_have(
    order: str, at: Clock, *, state: str, is_held: bool
) -> None:
    set_order(order, ended_at=NOON)
    with writing() as session:
        number = session.scalar(select(ShopOrder.id))
        wish = {"order": number, "asked_at": NOON, "words": "", "state": state}
        session.execute(insert(GoodsReturn).values(**wish))
    at(NOON + 100 * DAY)
    assert len(held(ShopOrder, "phone")) == len(held(OrderAddress, "city")) == is_held
    if is_held:
        assert until(OrderAddress, "open-return") is None


@pytest.mark.manifest(field="holds")
@pytest.mark.clause("5.1")
@pytest.mark.parametrize(
    ("ended", "until_day"),
    [
        (datetime(2026, 12, 31, 18, 59, tzinfo=UTC), date(2032, 1, 1)),
        (datetime(2026, 12, 31, 19, 0, tzinfo=UTC), date(2033, 1, 1)),
    ],
)
def test_the_books_are_kept_for_five_tax_periods_after_that_of_the_order(
    order: str, at: Clock, ended: datetime, until_day: date
) -> None:
    """A year begins at midnight in Almaty, which is 19:00 in UTC."""
    set_order(order, ended_at=ended, state="confirmed")
    at(ended + 30 * DAY)
    assert len(held(ShopOrder)) == len(held(OrderLine)) == 1
    assert held(ShopOrder, "phone", "email") == held(OrderAddress, "city") == []
    assert until(ShopOrder, "accounting") == until_day
    assert until(OrderLine, "accounting") == until_day
    midnight = datetime.combine(until_day, datetime.min.time(), UTC) - timedelta(hours=5)
    at(midnight - timedelta(seconds=1))
    assert len(held(ShopOrder)) == 1
    at(midnight)
    assert held(ShopOrder) == []


def test_a_cancelled_order_is_in_the_books_only_if_money_moved(
    order: str, at: Clock
) -> None:
    set_order(order, ended_at=NOON, state="cancelled")
    at(NOON + 20 * DAY)
    assert held(ShopOrder) == []
    planted(row(PaymentEntry, order=shop.order_of(order).id, amount=500))
    assert len(held(ShopOrder)) == 1


@pytest.mark.manifest(field="holds")
def test_an_unanswered_question_and_an_unanswered_request_are_held(app: Flask) -> None:
    planted(
        row(ConsentText),
        row(FormConsent, id=1),
        row(ContactRequest, id=1, number="NC-1", submission="a", state="new", consent=1),
        row(ContactRequest, id=2, number="NC-2", submission="b", state="closed", consent=1),
        row(DataRequest, id=1, number="NZ-1", kind="access"),
        row(DataRequest, id=2, number="NZ-2", closed_at="2026-11-01"),
    )
    assert held(ContactRequest) == [1]
    assert held(DataRequest) == [1]


@pytest.mark.clause("5.1")
def test_a_placed_hold_keeps_every_row_about_its_person_and_no_other(
    order: str, at: Clock
) -> None:
    set_order(order, ended_at=NOON, state="cancelled", person=PERSON)
    at(NOON + 400 * DAY)
    assert held(ShopOrder) == []
    place(person=PERSON + 1)
    assert held(ShopOrder) == []
    one = place(person=PERSON, until=date(2028, 1, 1))
    assert len(held(ShopOrder, "phone")) == len(held(OrderAddress, "city")) == 1
    assert until(OrderAddress, "placed") == date(2028, 1, 1)
    place(person=PERSON)
    assert until(ShopOrder, "placed") is None
    with writing() as session:
        session.execute(
            update(PlacedHold).where(PlacedHold.id > one).values(released_at=NOON)
        )
    at(datetime(2028, 1, 1, 20, tzinfo=UTC))
    assert held(ShopOrder) == []


@pytest.mark.manifest(field="holds")
def test_a_hold_on_an_order_keeps_it_alone(order: str, at: Clock) -> None:
    set_order(order, ended_at=NOON, state="cancelled")
    at(NOON + 400 * DAY)
    place(number=order, until=date(2028, 1, 1))
    assert len(held(ShopOrder)) == len(held(OrderAddress, "city")) == 1
    assert until(ShopOrder, "placed-order") == date(2028, 1, 1)


def test_a_hold_that_nobody_seconds_lapses(order: str, at: Clock) -> None:
    set_order(order, ended_at=NOON, state="cancelled")
    late = NOON + 400 * DAY
    at(late)
    number = place(number=order, at=late, needs_second=True)
    assert len(held(ShopOrder)) == 1
    at(late + WAIT)
    assert held(ShopOrder) == []
    with writing() as session:
        hold = session.get_one(PlacedHold, number)
        hold.second, hold.seconded_at = 5, late
    assert len(held(ShopOrder)) == 1


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM placed_hold",
        "UPDATE placed_hold SET person = 8",
        "UPDATE placed_hold SET until = '2020-01-01'",
        "UPDATE placed_hold SET needs_second = NOT needs_second",
    ],
)
def test_a_placed_hold_is_neither_deleted_nor_changed(app: Flask, change: str) -> None:
    place(person=PERSON)
    with pytest.raises(DatabaseError, match="never changed"), writing() as session:
        session.execute(text(change))


def test_a_hold_is_on_a_person_or_on_an_order(app: Flask) -> None:
    with pytest.raises(DatabaseError, match="placed_hold"):
        place()
