"""The uses of blocked data, each refused (6.2.4); what the blocked have is tried before."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from neupusti.core import clock
from neupusti.core.background import Background, Job
from neupusti.core.blocking import blocks
from neupusti.core.blocking.errors import is_refusal
from neupusti.core.blocking.models import Cause, DataBlock, Result
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.mail import due
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.registry import registry
from neupusti.core.rules import Permission
from neupusti.delivery.models import Disclosure
from neupusti.newsletter.models import IssueDelivery, Subscriber
from neupusti.newsletter.service import ending, issues, posting
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service import clocks, masking
from neupusti.retention.service import sweeps as retention
from tests import desk
from tests.blocking.cast import dana
from tests.conftest import SQLITE
from tests.delivery import couriers
from tests.newsletter import cast as news
from tests.newsletter.test_signup import asked
from tests.orders.buying import Shopper, press, product
from tests.orders.cast import BUYER
from tests.people import AIGERIM, BOLAT, GUEST

LONG = timedelta(days=4000)


def block(*whoses: Whose) -> list[DataBlock]:
    with writing() as session:
        return [blocks.open_block(session, one, by=Cause.BODY) for one in whoses]


def lift(*found: DataBlock) -> None:
    with writing() as session:
        for one in found:
            blocks.lift(session, one, outcome=Result.UNFOUNDED)


@pytest.fixture
def orders(app: Flask) -> dict[str, ShopOrder]:
    """Orders of two guests, by their addresses."""
    goods = product()
    return {
        who.email: Shopper(app, who=who).bought(goods, by="courier")
        for who in (GUEST, BOLAT)
    }


@pytest.mark.clause("6.2.4")
def test_use_1_staff_open_no_page_of_the_blocked(app: Flask) -> None:
    number = desk.person(AIGERIM)
    browser = dana(app)
    block(Whose(person=number, email_key=AIGERIM.email))
    page = f"/en/admin/people/{number}"
    for answer in (
        browser.get(page),
        browser.post(page, data=desk.form(app, reason="Asked by phone")),
    ):
        assert answer.status_code == 403
        assert "These data are blocked" in answer.text
        assert "/data/block" not in answer.text
    assert desk.staff_actions("staff.opened") == []


@pytest.mark.clause("6.2.4")
def test_use_2_and_7_lists_and_counts_are_without_the_blocked(
    app: Flask, orders: dict[str, ShopOrder]
) -> None:
    browser = dana(app, Permission.ORDERS)
    theirs, other = orders[GUEST.email], orders[BOLAT.email]
    before = browser.get("/en/admin/orders/").text
    assert theirs.number in before
    block(Whose(email_key=GUEST.email))
    page = browser.get("/en/admin/orders/").text
    assert (theirs.number in page, other.number in page) == (False, True)
    answer = browser.get(f"/en/admin/orders/{theirs.number}")
    assert answer.status_code == 404
    assert "blocked until a check" in answer.text


@pytest.mark.clause("6.2.4")
def test_use_1_staff_read_no_email_to_the_blocked(
    app: Flask, orders: dict[str, ShopOrder]
) -> None:
    """But for those that leave: a site without a mail server hands them over there."""
    browser = dana(app)
    placed = db.session.scalars(select(OutboxEmail).filter_by(recipient=GUEST.email)).one()
    path, number = f"/en/admin/mail/{placed.id}", orders[GUEST.email].number
    block(Whose(email_key=GUEST.email))
    page = browser.get("/en/admin/mail/").text
    assert (number in page, orders[BOLAT.email].number in page) == (False, True)
    why = desk.form(app, reason="The link did not arrive")
    for answer in (browser.get(path), browser.post(path, data=why)):
        assert answer.status_code == 404
        assert "blocked until a check" in answer.text
    with writing() as session:
        session.get_one(OutboxEmail, placed.id).kind = "rights.answer"
    assert number in browser.get("/en/admin/mail/").text
    assert browser.post(path, data=why).status_code == 200


@pytest.mark.clause("6.2.4")
@SQLITE
def test_use_3_emails_wait_but_for_those_of_rights(
    app: Flask, orders: dict[str, ShopOrder]
) -> None:
    with writing() as session:
        queued = {"state": OutboxState.QUEUED.value, "next_at": clock.now()}
        session.execute(update(OutboxEmail).values(**queued, done_at=None))
    (found,) = block(Whose(email_key=GUEST.email))
    leaving = select(OutboxEmail.recipient).where(
        OutboxEmail.id.in_(db.session.scalars(due.DUE, due.parameters()).all())
    )
    assert set(db.session.scalars(leaving)) == {BOLAT.email}
    with writing() as session:
        session.execute(update(OutboxEmail).values(kind="rights.answer"))
    assert set(db.session.scalars(leaving)) == {BOLAT.email}
    again = set(db.session.scalars(due.DUE, due.parameters()))
    assert len(again) == db.session.scalar(select(func.count(OutboxEmail.id)))
    lift(found)


@pytest.mark.clause("6.2.4")
def test_use_4_nobody_who_delivers_sees_or_gets_the_blocked(app: Flask) -> None:
    number, parcel = couriers.ready()
    block(Whose(email_key=BUYER.email))
    order = db.session.scalars(select(ShopOrder).filter_by(number=number)).one()
    entry = {"order": order.id, "parcel": parcel, "recipient": 1, "purpose": "4.1.1"}
    with pytest.raises(DBAPIError) as refused, writing() as session:
        session.add(Disclosure(**entry, at=clock.now()))
    assert is_refusal(refused.value)


@pytest.mark.clause("6.2.4")
def test_use_5_staff_change_nothing(app: Flask, orders: dict[str, ShopOrder]) -> None:
    browser = dana(app, Permission.ORDERS)
    order = orders[GUEST.email]
    version = press(order).seen
    block(Whose(email_key=GUEST.email))
    form = desk.form(app, version=version)
    answer = browser.post(f"/en/admin/orders/{order.number}/confirmation", data=form)
    assert answer.status_code in {403, 404}
    assert "blocked" in answer.text
    assert db.session.get_one(ShopOrder, order.id, populate_existing=True).state == "new"


@pytest.mark.clause("6.2.4")
def test_use_6_the_newsletter_goes_round_the_blocked(app: Flask) -> None:
    theirs, other = news.subscriber(GUEST.email), news.subscriber(BOLAT.email)
    number = news.issue()
    issues.start(number, staff=1)
    (found,) = block(Whose(email_key=GUEST.email))
    posting.run()
    rows = dict(
        db.session.execute(select(IssueDelivery.subscriber, IssueDelivery.state)).all()
    )
    assert (rows[theirs], rows[other]) == ("waiting", "posted")
    second = news.issue()
    assert issues.start(second, staff=1) == 1
    lift(found)
    posting.run()
    assert news.reread(IssueDelivery, number, theirs).state == "posted"


@pytest.mark.clause("6.2.4")
def test_the_blocked_can_unsubscribe(app: Flask) -> None:
    theirs = news.subscriber(GUEST.email)
    token = news.leaving_token(theirs)
    block(Whose(email_key=GUEST.email))
    ending.by_link(token, method=ending.BUTTON)
    assert news.reread(Subscriber, theirs).state == "ended"


@pytest.mark.clause("6.2.4")
def test_use_6_no_clock_ends_an_order_of_the_blocked(
    app: Flask, orders: dict[str, ShopOrder], at: Any
) -> None:
    now = clock.now()
    with writing() as session:
        session.execute(update(ShopOrder).values(due_at=now - timedelta(days=1)))
    block(Whose(email_key=GUEST.email))
    clocks.run()
    at(now + timedelta(days=2))
    clocks.run()
    states = dict(db.session.execute(select(ShopOrder.email, ShopOrder.state)).all())
    assert states == {GUEST.email: "new", BOLAT.email: "cancelled"}


@pytest.mark.clause("6.2.4")
@pytest.mark.situation(40, of="rights")
def test_use_8_sweeps_leave_the_blocked_and_destroy_all_others(
    app: Flask, orders: dict[str, ShopOrder], at: Any
) -> None:
    now = clock.now()
    with writing() as session:
        session.execute(update(ShopOrder).values(ended_at=now, state="cancelled"))
    (found,) = block(Whose(email_key=GUEST.email))
    at(now + timedelta(days=masking.DAYS + 1))
    masking.run()
    names = dict(db.session.execute(select(ShopOrder.email, ShopOrder.given_name)).all())
    assert names == {GUEST.email: GUEST.name, BOLAT.email: ""}
    at(now + LONG)
    retention.sweep(registry().retention)
    assert set(db.session.scalars(select(ShopOrder.email))) == {GUEST.email}
    letters = select(OutboxEmail.recipient)
    assert set(db.session.scalars(letters)) <= {GUEST.email}
    lift(found)
    masking.run()
    retention.sweep(registry().retention)
    assert db.session.scalar(select(func.count(ShopOrder.id))) == 0


@pytest.mark.clause("6.2.4")
def test_use_9_nobody_subscribes_who_is_blocked(app: Flask) -> None:
    block(Whose(email_key=GUEST.email))
    with pytest.raises(DBAPIError) as refused:
        news.subscriber(GUEST.email)
    assert is_refusal(refused.value)
    assert news.subscriber(BOLAT.email)


@pytest.mark.clause("6.2.4")
@pytest.mark.parametrize("is_subscribed", [False, True])
def test_nobody_learns_by_the_form_for_news_whose_data_are_blocked(
    client: FlaskClient, *, is_subscribed: bool
) -> None:
    if is_subscribed:
        news.subscriber(GUEST.email)
    block(Whose(email_key=GUEST.email))
    for one in (GUEST, BOLAT):
        asked(client, one.email)
    assert [len(news.letters(one.email)) for one in (GUEST, BOLAT)] == [0, 1]


@pytest.mark.clause("6.2.4")
def test_jobs_read_only_what_is_in_use(app: Flask, orders: dict[str, ShopOrder]) -> None:
    """But for those that are the person's own right, or look after files."""
    block(Whose(email_key=GUEST.email))
    seen: dict[str, set[str]] = {}

    def look(name: str) -> None:
        seen[name] = set(db.session.scalars(select(ShopOrder.email)))

    for checks in (False, True):
        job = Job(
            name=f"{checks}",
            every=timedelta(hours=1),
            run=lambda name=f"{checks}": look(name),  # type: ignore[misc]
            checks=checks,
        )
        assert Background(app, [job])._run(job)  # noqa: SLF001
    assert seen == {"False": {BOLAT.email}, "True": {GUEST.email, BOLAT.email}}
    assert {job.name for job in registry().jobs if job.checks} == {
        *("avatars", "erasures", "exports", "proofs")
    }
