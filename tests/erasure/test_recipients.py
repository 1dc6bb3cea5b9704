"""Who was given the data of a person is to be told once that they are destroyed (5.2)."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect, select, update

from neupusti.accounts.models import Person
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.records.journal import ActWords
from neupusti.core.rules import Permission
from neupusti.delivery.models import Disclosure
from neupusti.erasure.service import destroying
from neupusti.orders.models.order import Delivery, Payment, ShopOrder
from neupusti.orders.models.recipient import RecipientKind, RecipientVersion
from neupusti.orders.service.placing import Wish
from neupusti.rights import queries
from neupusti.rights.models import DataRequest, RecipientNotice
from tests import desk, handing
from tests.conftest import SQLITE
from tests.delivery import couriers
from tests.delivery.couriers import WITH_NOTE
from tests.erasure.erasing import BEGINS, NOON, confirmed, erasure_of, work
from tests.orders import cast
from tests.orders.cast import press
from tests.people import AIGERIM, BOLAT, DANA
from tests.times import Clock

pytestmark = [pytest.mark.clause("5.2"), pytest.mark.clause("6.1.3")]
POST = Wish(delivery=Delivery.POST, payment=Payment.CASH, address=cast.ADDRESS)
LONG_AGO = NOON - timedelta(days=30)
RETURNED = timedelta(days=15)
"""Longer than an order is kept whole after its end."""


def handed(email: str = AIGERIM.email, wish: Wish = WITH_NOTE) -> str:
    """Hand an order over, and let it end long ago; return its number."""
    number = couriers.confirmed(wish=wish, email=email)
    hand_over(number)
    ended(number)
    return number


def hand_over(number: str) -> None:
    """Pack an order and hand it over."""
    parcel = couriers.packed(number)
    handing.over(press(number), parcel)


def ended(number: str, at: Any = LONG_AGO) -> None:
    """Let an order end at a moment."""
    with writing() as session:
        session.execute(
            update(ShopOrder)
            .where(ShopOrder.number == number)
            .values(ended_at=at, state="confirmed")
        )


def told() -> list[tuple[str, str]]:
    """Return whom staff have to tell, and of which order."""
    db.session.rollback()
    db.session.expire_all()
    rows = db.session.execute(
        select(RecipientVersion.name_en, ShopOrder.number)
        .select_from(RecipientNotice)
        .join(Disclosure, Disclosure.id == RecipientNotice.disclosure)
        .join(RecipientVersion, RecipientVersion.id == Disclosure.recipient)
        .join(ShopOrder, ShopOrder.id == Disclosure.order)
        .order_by(RecipientNotice.id)
    )
    return [(row[0], row[1]) for row in rows]


def name(kind: RecipientKind) -> str:
    """Return what a recipient is called."""
    known = select(RecipientVersion.name_en).filter_by(recipient=handing.recipient(kind))
    found = db.session.scalars(known.order_by(RecipientVersion.id)).all()[-1]
    db.session.rollback()
    return found


def test_each_recipient_is_told_once_of_the_last_hand_over(app: Flask, at: Clock) -> None:
    at(NOON)
    handed()
    couriers.changed(handing.recipient(RecipientKind.OWN_COURIER), contract="№ 2")
    last, by_post = handed(), handed(wish=POST)
    other = handed(email=BOLAT.email)
    confirmed(AIGERIM)
    work()
    assert told() == [], "it can still be undone"
    at(BEGINS)
    work(3)
    assert sorted(told()) == sorted(
        [(name(RecipientKind.OWN_COURIER), last), (name(RecipientKind.KAZPOST), by_post)]
    )
    assert queries.count_untold() == 2
    assert other not in dict(told()).values()


def test_who_delivers_still_is_told_once_the_order_goes(app: Flask, at: Clock) -> None:
    """The hold keeps an open order for them; they may get it after the destruction."""
    at(NOON)
    on_its_way, packed = couriers.confirmed(), couriers.confirmed()
    hand_over(on_its_way)
    number = confirmed(AIGERIM)
    at(BEGINS)
    work(2)
    assert (erasure_of(number).state, told()) == ("waiting", [])
    hand_over(packed)
    for order in (on_its_way, packed):
        ended(order, BEGINS)
    at(BEGINS + RETURNED)
    work()
    assert cast.order_of(packed).email == ""
    assert erasure_of(number).state == "done"
    assert told() == [(name(RecipientKind.OWN_COURIER), packed)]
    at(BEGINS + 2 * RETURNED)
    work()
    assert len(told()) == 1


def test_who_dies_before_the_end_has_told_nobody_yet(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notice is in the transaction of the destruction: both are there, or neither."""
    at(NOON)
    order = handed()
    number = confirmed(AIGERIM)
    at(BEGINS)

    def fail(*_: Any) -> None:
        raise OSError(5, "no disk")

    with monkeypatch.context() as patched:
        patched.setattr(destroying, "carry_out", fail)
        with pytest.raises(OSError, match="no disk"):
            work()
    assert (erasure_of(number).state, told()) == ("confirmed", [])
    work()
    assert told() == [(name(RecipientKind.OWN_COURIER), order)]


@SQLITE
def test_staff_see_whom_to_tell_and_nobodys_data(app: Flask, at: Clock) -> None:
    at(NOON)
    order = handed()
    number = confirmed(AIGERIM)
    at(BEGINS)
    work(2)
    request = db.session.get_one(DataRequest, erasure_of(number).request).number
    browser = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    board, page = "/en/admin/rights/", f"/en/admin/rights/{request}"
    assert request in browser.get(board).text
    seen = browser.get(page).text
    assert order in seen
    assert "destroy what it has of this order" in seen
    person = (AIGERIM.name, AIGERIM.email, AIGERIM.phone, cast.BUYER.family_name)
    assert [one for one in (*person, cast.ADDRESS.street) if one in seen] == []
    [notice] = db.session.scalars(select(RecipientNotice.id)).all()
    form = desk.form(app, notice=notice, how="Called the courier")
    assert browser.post(f"{page}/told", data=form).status_code == 303
    db.session.rollback()
    assert queries.count_untold() == 0
    assert request not in browser.get(board).text
    assert browser.post(f"{page}/told", data=form).status_code == 404
    words = db.session.scalars(select(ActWords.words)).all()
    assert "Called the courier" in words


@SQLITE
def test_no_notice_says_whose_data_they_were(app: Flask, at: Clock) -> None:
    """It has numbers and moments only, and is no e-mail: staff tell each recipient."""
    at(NOON)
    handed()
    confirmed(AIGERIM)
    at(BEGINS)
    before = db.session.scalars(select(OutboxEmail.id)).all()
    work()
    columns = inspect(RecipientNotice).columns
    kinds = {one.name: getattr(one.type, "python_type", None) for one in columns}
    assert str not in kinds.values()
    db.session.rollback()
    new = select(OutboxEmail).where(OutboxEmail.id.not_in(before))
    assert [(one.recipient, one.kind) for one in db.session.scalars(new)] == []
    assert db.session.scalars(select(Person)).all() == []
