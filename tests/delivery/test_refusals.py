"""What is not handed over, and what is said then; nothing is stored."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.records import consents
from neupusti.core.records.consents import FormConsent
from neupusti.core.records.journal import Actor
from neupusti.delivery.models import Channel, Field
from neupusti.delivery.service import disclosing, reading
from neupusti.delivery.service.disclosing import HandOver
from neupusti.delivery.service.errors import DisclosureError
from neupusti.orders.models.fulfilment import Parcel, ParcelState
from neupusti.orders.models.order import Delivery, ShopOrder
from neupusti.orders.models.recipient import RecipientKind
from neupusti.orders.service.errors import FrozenError, MoveError, NoOrderError, StaleError
from neupusti.orders.service.life import changing, deciding, parcels
from tests import handing
from tests.delivery import couriers
from tests.delivery.couriers import WITH_NOTE, ready
from tests.orders import cast
from tests.orders.cast import GUEST, PICKUP, SITE, press

K = RecipientKind
NOON = datetime(2026, 11, 25, 7, tzinfo=UTC)
Clock = Callable[[datetime], None]


def refused(number: str, parcel: int, match: str, **how: object) -> None:
    """Assert that a hand-over is refused in these words, and that nothing is stored."""
    before = len(couriers.entries()), cast.order_of(number).version, len(cast.letters())
    with pytest.raises(DisclosureError) as found:
        handing.over(press(number), parcel, **how)  # type: ignore[arg-type]
    assert match in str(found.value.message)
    assert before == (
        len(couriers.entries()),
        cast.order_of(number).version,
        len(cast.letters()),
    )


@pytest.mark.clause("5.2")
@pytest.mark.parametrize("purpose", [p for p in Purpose if p is not Purpose.IDENTIFICATION])
def test_another_purpose_is_refused(app: Flask, purpose: Purpose) -> None:
    number, parcel = ready()
    how = HandOver(
        recipient=handing.recipient(K.OWN_COURIER), channel=Channel.LINK, purpose=purpose
    )
    with pytest.raises(DisclosureError, match="не распространяется"):
        disclosing.hand_over([(parcel, press(number).seen)], how, cast.STAFF)
    assert couriers.entries() == []
    assert couriers.state(number) == "packed"


@pytest.mark.clause("6.2.2")
def test_a_field_is_read_only_for_a_purpose_that_it_serves(app: Flask) -> None:
    number, parcel = ready()
    order = db.session.get_one(ShopOrder, cast.order_of(number).id)
    row = db.session.get_one(Parcel, parcel)
    wanted = frozenset({Field.NOTE})
    assert reading.read(db.session(), order, row, wanted, Purpose.IDENTIFICATION)
    with pytest.raises(DisclosureError, match="Для этой цели"):
        reading.read(db.session(), order, row, wanted, Purpose.NEWS)


def test_a_field_that_staff_took_off_the_list_is_not_read(app: Flask) -> None:
    courier = handing.recipient(K.OWN_COURIER)
    couriers.changed(courier, fields=couriers.listed("number", "city", "postcode"))
    number, parcel = ready()
    seen = handing.over(press(number), parcel).disclosed
    # A postcode is beyond what the kind may learn, whatever its list says.
    assert {*seen.values} == {"number", "city"}
    with pytest.raises(DisclosureError, match="телефон"):
        seen[Field.PHONE]


def test_the_parcel_of_another_order_is_refused(app: Flask) -> None:
    number, _mine = ready()
    other, parcel = ready()
    session_press = press(number)
    how = HandOver(recipient=handing.recipient(K.OWN_COURIER), channel=Channel.LINK)
    with pytest.raises(MoveError), writing() as session:
        disclosing.disclose(session, session_press, parcel, how)
    assert couriers.entries() == []
    assert couriers.state(other) == "packed"
    with pytest.raises(NoOrderError):
        disclosing.hand_over([(999_999, 1)], how, cast.STAFF)


def test_a_stale_press_is_refused(app: Flask) -> None:
    number, parcel = ready()
    stale = press(number)
    changing.note(press(number), "Позвонить вечером")
    with pytest.raises(StaleError):
        handing.over(stale, parcel)
    assert couriers.entries() == []


def test_once_more_needs_a_reason_and_is_a_new_entry(app: Flask) -> None:
    number, parcel = ready()
    handing.over(press(number), parcel)
    refused(number, parcel, "ещё раз")
    refused(number, parcel, "ещё раз", reason="  ")
    letters = len(cast.letters())
    handing.over(press(number), parcel, reason="Потерял ссылку")
    handing.over(press(number), parcel, channel=Channel.PRINT, reason="Нужна бумага")
    assert [one.channel for one in couriers.entries()] == ["link", "link", "print"]
    assert len(cast.letters()) == letters
    assert couriers.state(number) == "handed_over"
    assert cast.holds()


def test_what_somebody_has_is_not_given_to_somebody_else(app: Flask) -> None:
    cdek = handing.recipient(K.CDEK)
    couriers.changed(cdek, active=True, contract="Договор 7")
    number, parcel = ready()
    handing.over(press(number), parcel, track="К-1")
    wanted = {"kind": K.CDEK, "channel": Channel.CSV, "reason": "Быстрее"}
    refused(number, parcel, "у кого-то другого", **wanted)
    parcels.move(press(number), parcel, ParcelState.PACKED)
    assert cast.seen(number).parcels[0][0].track == ""
    handing.over(press(number), parcel, kind=K.CDEK, channel=Channel.CSV)
    first, second = couriers.entries()
    assert first.recipient != second.recipient


@pytest.mark.parametrize("to", [ParcelState.DELIVERED, ParcelState.REFUSED])
def test_what_has_arrived_is_not_handed_over(app: Flask, to: ParcelState) -> None:
    number, parcel = ready()
    handing.over(press(number), parcel)
    parcels.move(press(number), parcel, to)
    refused(number, parcel, "только собранную", reason="Ещё раз")


def test_who_is_not_active_or_without_a_contract_gets_nothing(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    post = handing.recipient(K.KAZPOST)
    number, parcel = ready(replace(WITH_NOTE, delivery=Delivery.POST))
    for columns in (
        {"active": False},
        {"contract": ""},
        {"contract_until": date(2026, 11, 24)},
    ):
        couriers.changed(post, **columns)
        refused(number, parcel, "договор с ним")
        couriers.changed(post, active=True, contract="7", contract_until=None)
    couriers.changed(post, contract_until=date(2026, 11, 25))
    handing.over(press(number), parcel)


@pytest.mark.clause("5.2")
def test_whom_the_consent_did_not_name_gets_nothing(app: Flask, at: Clock) -> None:
    at(NOON)
    number, parcel = ready()
    cdek, courier = handing.recipient(K.CDEK), handing.recipient(K.OWN_COURIER)
    at(NOON + timedelta(minutes=1))
    couriers.changed(cdek, active=True, contract="Договор 7")
    refused(number, parcel, "не распространяется", kind=K.CDEK, channel=Channel.CSV)
    for columns in ({"country": "RU", "cross_border": True}, {"cross_border": True}):
        couriers.changed(courier, **columns)
        refused(number, parcel, "не распространяется")
    couriers.changed(courier, country="KZ", cross_border=False, name_ru="Ерлан")
    refused(number, parcel, "не распространяется", kind=K.KAZPOST, channel=Channel.CSV)
    handing.over(press(number), parcel)
    later, second = ready()
    handing.over(press(later), second, kind=K.CDEK, channel=Channel.CSV)


def test_a_withdrawn_consent_ends_every_hand_over(app: Flask) -> None:
    number, parcel = ready()
    with writing() as session:
        given = session.get_one(FormConsent, cast.order_of(number).consent)
        consents.withdraw(session, given, method="asked by phone")
    refused(number, parcel, "отозвал")


@pytest.mark.clause("6.2.4")
def test_blocked_data_are_not_handed_over(app: Flask) -> None:
    number, parcel = ready()
    changing.freeze(press(number), "Обращение")
    with pytest.raises(FrozenError):
        handing.over(press(number), parcel)
    changing.thaw(press(number), "Проверено")
    handing.over(press(number), parcel)


def test_a_cancelled_order_is_not_handed_over(app: Flask) -> None:
    number, parcel = ready()
    deciding.cancel(press(number))
    refused(number, parcel, "только собранную")


@pytest.mark.parametrize("actor", [GUEST, SITE])
def test_only_staff_hand_over(app: Flask, actor: Actor) -> None:
    number, parcel = ready()
    with pytest.raises(MoveError):
        handing.over(press(number, actor), parcel)
    with pytest.raises(MoveError):
        parcels.move(press(number), parcel, ParcelState.HANDED_OVER)
    assert couriers.entries() == []


def test_a_way_that_is_not_of_the_recipient_is_refused(app: Flask) -> None:
    number, parcel = ready(replace(WITH_NOTE, delivery=Delivery.POST))
    refused(number, parcel, "таким способом", channel=Channel.LINK)
    with pytest.raises(DisclosureError, match="Такого получателя нет"):
        disclosing.hand_over(
            [(parcel, press(number).seen)],
            HandOver(recipient=99, channel=Channel.CSV),
            cast.STAFF,
        )


def test_the_track_of_a_post_is_checked(app: Flask) -> None:
    number, parcel = ready(replace(WITH_NOTE, delivery=Delivery.POST))
    for wrong in ("RR123456784KZ", "KZ 1", "12345", "R" * 100):
        with pytest.raises(MoveError):
            handing.over(press(number), parcel, track=wrong)
    handing.over(press(number), parcel, track="rr 123 456 785 kz")
    assert cast.seen(number).parcels[0][0].track == "RR123456785KZ"
    with pytest.raises(MoveError):
        parcels.move(press(number), parcel, ParcelState.ON_THE_WAY, track="RR123456784KZ")


def test_all_parcels_of_a_press_are_handed_over_or_none(app: Flask) -> None:
    number = couriers.confirmed(2)
    first, second = couriers.packed(number), couriers.packed(number)
    other, third = ready()
    how = HandOver(recipient=handing.recipient(K.OWN_COURIER), channel=Channel.CSV)
    seen = press(number).seen
    stale = [(first, seen), (second, seen), (third, press(other).seen - 1)]
    with pytest.raises(StaleError):
        disclosing.hand_over(stale, how, cast.STAFF)
    assert couriers.entries() == []
    whole = [(first, seen), (second, seen), (third, press(other).seen)]
    assert len(disclosing.hand_over(whole, how, cast.STAFF)) == 3
    assert cast.holds()


def test_a_pick_up_point_gets_a_list_and_the_buyer_still_collects(app: Flask) -> None:
    point = handing.recipient(K.PICKUP)
    couriers.changed(point, active=True, contract="Договор 7")
    number, parcel = ready(PICKUP)
    handing.over(press(number), parcel)
    refused(number, parcel, "ещё раз")
    parcels.collect(press(number), parcel, number, "0001")
    assert couriers.state(number) == "delivered"
    assert cast.holds()
