"""A hold keeps what it is on: neither all of its person, nor anything of another's."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from neupusti.accounts.models import Person
from neupusti.backup.service import replaying
from neupusti.core.data.database import db, writing
from neupusti.core.records import decision_file
from neupusti.core.records.decisions import Decision
from neupusti.core.records.holds import PlacedHold
from neupusti.core.text import emails
from neupusti.erasure.service import plan
from neupusti.orders.models.fulfilment import GoodsReturn, OrderEvent
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service.life import changing
from neupusti.retention.service import hourly, placing
from neupusti.retention.service.placing import Wish
from neupusti.rights.models import DataRequest
from tests.accounts.cast import account
from tests.conftest import SQLITE
from tests.erasure.erasing import BEGINS, NOON, asker, confirmed, erasure_of, work
from tests.orders import cast
from tests.people import AIGERIM, BOLAT, GUEST
from tests.times import Clock

pytestmark = pytest.mark.situation(13, of="rights")
DAY = timedelta(days=1)


def held(until: date | None = None) -> str:
    """Hold an order that a guest has placed; return the code of the hold."""
    return hold(cast.placed((cast.product("T-1"), 1)).number, until)


def hold(order: str, until: date | None = None) -> str:
    """Hold an order; return the code of the hold."""
    given = {"law": "УПК", "document": "№ 12", "reason": "Следствие", "until": until}
    wish = Wish(**given, order=order, review=(NOON + 90 * DAY).date())  # type: ignore[arg-type]
    return placing.place(wish, 4).code


def stored() -> PlacedHold:
    """Return the hold as it is stored now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(PlacedHold)).one()


def words() -> list[str]:
    """Return what is said of what happened to the only order."""
    db.session.rollback()
    return list(db.session.scalars(select(OrderEvent.reason).order_by(OrderEvent.seq)))


@pytest.mark.clause("6.1.3")
def test_words_about_an_open_order_hold_up_no_destruction(app: Flask, at: Clock) -> None:
    at(NOON)
    cast.placed((cast.product("T-1"), 1))
    event = {"what": "corrected", "moved_from": "", "moved_to": "", "actor_kind": "staff"}
    with writing() as session:
        order = session.scalars(select(ShopOrder.id)).one()
        said = OrderEvent(order=order, seq=2, at=NOON, reason="A typo", **event)
        session.add(said)
    number = confirmed(AIGERIM)
    at(BEGINS)
    work(2)
    assert (erasure_of(number).state, words()) == ("waiting", ["", "A typo"])
    with writing() as session:
        session.execute(update(ShopOrder).values(ended_at=BEGINS, state="confirmed"))
    at(BEGINS + 15 * DAY)
    work()
    assert (erasure_of(number).state, words()) == ("done", ["", ""])


@pytest.mark.clause("6.1.3")
def test_a_hold_on_a_guests_order_stops_no_other_guest(app: Flask, at: Clock) -> None:
    at(NOON)
    held()
    number = confirmed(GUEST)
    at(BEGINS)
    work(2)
    assert (erasure_of(number).state, stored().released_at) == ("done", None)


@pytest.mark.clause("6.1.3")
@pytest.mark.parametrize("on", ["person", "order"])
def test_a_preview_tells_of_no_hold_that_it_may_not_tell_of(
    app: Flask, at: Clock, on: str
) -> None:
    at(NOON)
    person = account(AIGERIM).number
    order = cast.placed((cast.product("T-1"), 1)).number
    with writing() as session:
        session.execute(
            update(ShopOrder).values(ended_at=NOON - 3000 * DAY, state="cancelled")
        )
    whose = asker(AIGERIM, person if on == "person" else None).whose
    before = plan.plan(db.session(), whose)
    given = {"law": "УПК", "document": "№ 12", "reason": "Следствие", "silent": True}
    target = {"person": person} if on == "person" else {"order": order}
    placing.place(Wish(**given, **target, review=(NOON + 90 * DAY).date()), 4)  # type: ignore[arg-type]
    db.session.rollback()
    assert plan.plan(db.session(), whose) == before
    assert any(section.goes for section in before.sections)


@SQLITE
def test_a_guests_hold_that_is_over_is_released_by_nobody_else(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    held(until=(NOON + DAY).date())
    number = confirmed(GUEST)
    at(BEGINS + DAY)
    work()
    assert (erasure_of(number).destroyed_at, stored().released_at) == (BEGINS + DAY, None)


@pytest.mark.situation(14, of="rights")
def test_a_guest_destroyed_again_releases_no_hold(app: Flask, at: Clock) -> None:
    at(NOON)
    held()
    confirmed(GUEST)
    request = db.session.scalars(select(DataRequest)).one()
    ref, key = request.number, emails.key(GUEST.email)
    db.session.rollback()
    line = decision_file.append(Decision.ERASED.value, email_key=key, ref=ref)
    decision_file.append("done", ref=str(line.n))
    assert replaying.replay(replaying.missing())["erased"] > 0
    assert stored().released_at is None


@pytest.mark.clause("6.1.3")
def test_a_hold_on_one_order_keeps_that_order_alone(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(BOLAT)
    order = cast.placed((cast.product("T-1"), 1)).number
    with writing() as session:
        session.scalars(select(ShopOrder)).one().person = who.number
    code = hold(order)
    number = confirmed(BOLAT, who.number)
    at(BEGINS)
    work(2)
    assert erasure_of(number).state == "waiting"
    assert db.session.get(Person, who.number) is None
    kept = stored()
    assert (kept.person, kept.reason, kept.released_at) == (None, "Следствие", None)
    placing.release(code, 4, "Дело закрыто")
    with writing() as session:
        found = session.scalars(select(ShopOrder)).one()
        assert (found.person, found.email) == (None, AIGERIM.email)
        found.ended_at = NOON
    at(BEGINS + 30 * DAY)
    work()
    assert erasure_of(number).state == "done"
    assert stored().released_at == BEGINS
    assert db.session.scalars(select(ShopOrder)).one().email == ""


@pytest.mark.clause("6.1.3")
def test_what_is_written_about_an_order_while_it_is_kept_goes_with_it(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    order = cast.placed((cast.product("T-1"), 1)).number
    number = confirmed(AIGERIM)
    at(BEGINS)
    work(2)
    changing.note(cast.press(order), "Просит звонить в пять")
    with writing() as session:
        found = session.scalars(select(ShopOrder)).one()
        found.state, found.ended_at = "confirmed", BEGINS
        session.add(
            GoodsReturn(order=found.id, asked_at=BEGINS, words="Мал", state="refused")
        )
    at(BEGINS + DAY)
    work(2)
    assert db.session.scalars(select(GoodsReturn.words)).all() == ["Мал"]
    at(BEGINS + 30 * DAY)
    work(2)
    assert erasure_of(number).state == "done"
    assert set(db.session.scalars(select(OrderEvent.reason))) == {""}
    assert db.session.scalars(select(GoodsReturn.words)).all() == [""]


@SQLITE
def test_a_hold_on_an_order_that_is_over_puts_nothing_off(app: Flask, at: Clock) -> None:
    at(NOON - DAY)
    who = account(BOLAT)
    order = cast.placed((cast.product("T-1"), 1)).number
    with writing() as session:
        session.scalars(select(ShopOrder)).one().person = who.number
    hold(order, until=NOON.date())
    at(NOON)
    number = confirmed(BOLAT, who.number)
    at(BEGINS + DAY)
    work()
    assert erasure_of(number).destroyed_at == BEGINS + DAY
    at(BEGINS + placing.LATE)
    db.session.rollback()
    hourly.run()
    assert stored().released_at == BEGINS + placing.LATE


@SQLITE
@pytest.mark.clause("6.1.3")
def test_with_a_reader_open_what_was_kept_is_not_done(app: Flask, at: Clock) -> None:
    """The write-ahead log keeps a copy; the next run no longer finds the rows."""
    at(NOON)
    cast.placed((cast.product("T-1"), 1))
    number = confirmed(AIGERIM)
    at(BEGINS)
    work(2)
    with writing() as session:
        session.execute(update(ShopOrder).values(ended_at=BEGINS, state="cancelled"))
    at(BEGINS + 15 * DAY)
    with db.engine.connect() as reader:
        reader.execute(text("SELECT count(*) FROM person")).one()
        work(2)
        assert erasure_of(number).state == "waiting"
        assert db.session.scalars(select(ShopOrder)).all() == []
    db.session.rollback()
    work()
    erasure = erasure_of(number)
    assert (erasure.state, erasure.left) == ("done", 0)
