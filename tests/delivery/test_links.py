"""The life of a courier's link: what it shows, and what ends it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from neupusti.core.data.database import writing
from neupusti.core.registry import registry
from neupusti.core.security import tokens
from neupusti.delivery.models import Channel, CourierAction, CourierVisit, Field
from neupusti.delivery.service import links
from neupusti.delivery.service.errors import EndedError
from neupusti.orders.models.fulfilment import ParcelState
from neupusti.orders.service.errors import FrozenError, MoveError
from neupusti.orders.service.life import changing, parcels, returning
from neupusti.retention.service import sweeps as retention
from tests import handing
from tests.delivery import couriers
from tests.delivery.couriers import NOTE, ready
from tests.orders import cast
from tests.orders.cast import press
from tests.people import AIGERIM

NOON = datetime(2026, 11, 25, 7, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
Clock = Callable[[datetime], None]


def given() -> tuple[str, int, str]:
    """Hand a parcel over; return the order's number, the parcel and the link's token."""
    number, parcel = ready()
    return number, parcel, handing.over(press(number), parcel).token


def ended(token: str) -> bool:
    try:
        links.find(token)
    except EndedError:
        return True
    return False


@pytest.mark.clause("5.2")
def test_a_link_opens_no_later_entry_that_got_its_number(app: Flask) -> None:
    number, parcel = ready()
    with writing() as session:
        former = tokens.issue(session, links.PURPOSE, links.LIFE, target=1)
    token = handing.over(press(number), parcel).token
    assert links.find(token).entry.id == 1
    assert ended(former)


@pytest.mark.clause("5.2")
def test_a_courier_takes_delivers_and_is_on_record(app: Flask) -> None:
    number, _parcel, token = given()
    _link, seen = links.opened(token)
    assert seen[Field.PHONE] == AIGERIM.phone
    assert (seen[Field.NOTE], seen[Field.COLLECT]) == (NOTE, "2500")
    links.pressed(token, CourierAction.TOOK)
    assert couriers.state(number) == "on_the_way"
    links.pressed(token, CourierAction.DELIVERED)
    links.pressed(token, CourierAction.DELIVERED)
    assert couriers.state(number) == "delivered"
    assert couriers.deeds() == [
        CourierAction.OPENED,
        CourierAction.TOOK,
        CourierAction.DELIVERED,
    ]
    event = cast.seen(number).events[-1]
    assert (event.actor_kind, event.actor) == ("courier", None)
    assert [one.kind for one in cast.letters()[-2:]] == [
        "orders.on_the_way",
        "orders.delivered",
    ]
    assert cast.order_of(number).ended_at is not None
    assert cast.holds()


def test_what_no_table_has_for_a_courier_is_refused(app: Flask) -> None:
    number, _parcel, token = given()
    links.pressed(token, CourierAction.REFUSED)
    for deed in (CourierAction.TOOK, CourierAction.DELIVERED):
        with pytest.raises(MoveError):
            links.pressed(token, deed)
    assert couriers.state(number) == "refused"
    assert couriers.deeds() == [CourierAction.REFUSED]


def test_a_note_of_staff_does_not_stop_a_courier(app: Flask) -> None:
    number, _parcel, token = given()
    changing.note(press(number), "Позвонить вечером")
    links.pressed(token, CourierAction.DELIVERED)
    assert couriers.state(number) == "delivered"


@pytest.mark.clause("5.2")
def test_after_the_delivery_there_is_no_phone_and_no_flat(app: Flask) -> None:
    _number, _parcel, token = given()
    links.pressed(token, CourierAction.DELIVERED)
    _link, seen = links.opened(token)
    assert Field.CITY in seen.values
    assert not {Field.PHONE, Field.FLAT} & seen.values.keys()


@pytest.mark.clause("5.2")
def test_a_link_ends_after_14_days_or_3_after_the_delivery(app: Flask, at: Clock) -> None:
    at(NOON)
    _number, _parcel, token = given()
    _other, _second, unused = given()
    at(NOON + DAY)
    links.pressed(token, CourierAction.DELIVERED)
    at(NOON + 4 * DAY - SECOND)
    assert not ended(token)
    at(NOON + 4 * DAY)
    assert ended(token)
    assert not ended(unused)
    at(NOON + 13 * DAY)
    links.pressed(unused, CourierAction.DELIVERED)
    at(NOON + 14 * DAY)
    assert ended(unused)


def test_a_mistaken_delivery_gives_the_link_back_what_it_had(app: Flask, at: Clock) -> None:
    at(NOON)
    number, parcel, token = given()
    links.pressed(token, CourierAction.DELIVERED)
    parcels.move(press(number), parcel, ParcelState.ON_THE_WAY, reason="Не та посылка")
    at(NOON + 4 * DAY)
    assert Field.PHONE in links.opened(token)[1].values


@pytest.mark.clause("5.2")
def test_a_new_link_ends_the_former_one_and_paper_does_not(app: Flask) -> None:
    """Whoever finds the telephone that was lost reads nothing."""
    number, parcel, token = given()
    _other, _second, others = given()
    handing.over(press(number), parcel, channel=Channel.PRINT, reason="Нужна бумага")
    assert not ended(token)
    new = handing.over(press(number), parcel, reason="Потерял телефон").token
    assert ended(token)
    assert not ended(new)
    assert not ended(others)


@pytest.mark.clause("5.2")
def test_a_link_dies_when_the_parcel_comes_back(app: Flask) -> None:
    number, parcel, token = given()
    parcels.move(press(number), parcel, ParcelState.PACKED)
    assert ended(token)
    again = handing.over(press(number), parcel).token
    assert ended(token)
    assert not ended(again)
    links.pressed(again, CourierAction.REFUSED)
    (line,) = cast.lines_of(number)
    returning.take_back(press(number), parcel, {line.id: True})
    assert ended(again)


def test_a_link_dies_when_the_parcel_is_unpacked(app: Flask) -> None:
    number, parcel, token = given()
    parcels.move(press(number), parcel, ParcelState.PACKED)
    changing.change_address(press(number), cast.ADDRESS)
    assert ended(token)


@pytest.mark.clause("6.2.4")
def test_a_block_closes_what_the_link_shows(app: Flask) -> None:
    number, _parcel, token = given()
    changing.freeze(press(number), "Обращение")
    with pytest.raises(FrozenError):
        links.opened(token)
    with pytest.raises(FrozenError):
        links.pressed(token, CourierAction.DELIVERED)
    assert couriers.deeds() == []


def test_a_token_of_another_purpose_opens_nothing(app: Flask) -> None:
    number, _parcel, token = given()
    buyers = cast.link_of(cast.letters()[-1])
    for other in (buyers, token[:-1], token.swapcase(), "", "x" * 43, f"{token}x"):
        assert ended(other)
    assert couriers.state(number) == "handed_over"
    assert couriers.deeds() == []


@pytest.mark.clause("5.1")
@pytest.mark.manifest(field="retention")
def test_visits_go_after_a_year_and_the_ledger_stays(app: Flask, at: Clock) -> None:
    at(NOON)
    _number, _parcel, token = given()
    links.opened(token)
    links.pressed(token, CourierAction.DELIVERED)
    at(NOON + 365 * DAY - SECOND)
    retention.sweep([r for r in registry().retention if r.model is CourierVisit])
    assert couriers.deeds() == [CourierAction.OPENED, CourierAction.DELIVERED]
    at(NOON + 365 * DAY)
    retention.sweep([r for r in registry().retention if r.model is CourierVisit])
    assert couriers.deeds() == []
    assert len(couriers.entries()) == 1
