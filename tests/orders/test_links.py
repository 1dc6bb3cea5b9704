"""Guest links: what opens an order, for how long, and what never does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import func, select

from neupusti.accounts.models import Person
from neupusti.accounts.service import registration
from neupusti.accounts.service.people import Applicant
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.security import tokens
from neupusti.core.security.tokens import Token, TokenError
from neupusti.core.text import order_numbers
from neupusti.core.text.languages import Language
from neupusti.core.text.order_numbers import OrderNumberError
from neupusti.core.web.errors import TooManyError
from neupusti.orders.service import finding, limits, links, placing
from neupusti.orders.service.errors import NoOrderError
from tests.accounts.cast import account
from tests.orders import cast
from tests.orders.cast import BUYER, COURIER, PROOF
from tests.people import AIGERIM, BOLAT

NOON = datetime(2026, 11, 25, 7, tzinfo=UTC)
NETWORK = "203.0.113.0/24"
Clock = Callable[[datetime], None]


def new(buyer: placing.Buyer = BUYER) -> str:
    return cast.placed((cast.product("a", 99), 1), buyer=buyer).number


def tokens_of(number: str) -> int:
    target = cast.order_of(number).id
    found = db.session.scalar(
        select(func.count()).select_from(Token).where(Token.target == target)
    )
    db.session.rollback()
    return found or 0


def find(number: str, email: str, network: str = NETWORK) -> None:
    finding.find(number, email, Language.EN, network)


@pytest.mark.situation(6)
def test_situation_06_the_number_alone_opens_nothing(app: Flask) -> None:
    number = new()
    for token, person in ((None, None), (0, None), (999, None), (None, 7)):
        with pytest.raises(NoOrderError) as error:
            links.access(number, token=token, person=person)
        assert error.value.status == 404
    for unknown in ("NP-261122-1C0H-5", "нет", ""):
        with pytest.raises(NoOrderError):
            links.access(unknown, token=None, person=None)


@pytest.mark.clause("4.1.6")
def test_the_browser_that_ordered_sees_the_order_and_may_change_it(app: Flask) -> None:
    found = cast.placed((cast.product("a"), 1))
    access = links.access(found.number.lower(), token=found.token, person=None)
    assert access.order.number == found.number
    assert (access.owner, access.may_change) == (False, True)
    assert access.order.email_proved_at is None


@pytest.mark.clause("2.4")
def test_a_link_opens_its_order_many_times_and_proves_the_email(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    number = new()
    token = cast.link_of(cast.letters()[0])
    at(NOON + timedelta(hours=1))
    opened = links.open_link(token)
    assert opened.number == number
    assert links.open_link(token) == opened
    assert cast.order_of(number).email_proved_at == NOON + timedelta(hours=1)
    at(NOON + timedelta(hours=24))
    assert not links.access(number, token=opened.token, person=None).may_change
    at(NOON + timedelta(days=14, seconds=-1))
    assert links.access(number, token=opened.token, person=None).order.number == number
    at(NOON + timedelta(days=14))
    with pytest.raises(NoOrderError):
        links.access(number, token=opened.token, person=None)
    with pytest.raises(TokenError):
        links.open_link(token)


def test_a_link_opens_no_other_order(app: Flask) -> None:
    mine = cast.placed((cast.product("a"), 1))
    theirs = cast.placed((cast.product("b"), 1))
    with pytest.raises(NoOrderError):
        links.access(theirs.number, token=mine.token, person=None)


@pytest.mark.parametrize("spoiled", ["", "x", "A" * 43, "../", "%00"])
def test_what_is_no_token_opens_nothing(app: Flask, spoiled: str) -> None:
    with pytest.raises(TokenError):
        links.open_link(spoiled)


def test_a_token_of_another_purpose_opens_nothing(app: Flask) -> None:
    number = new()
    target = cast.order_of(number).id
    db.session.rollback()
    with writing() as session:
        row, text = tokens.issue_row(session, "courier", links.LIFE, target=target)
        session.flush()
        foreign = row.id
    with pytest.raises(TokenError):
        links.open_link(text)
    with pytest.raises(NoOrderError):
        links.access(number, token=foreign, person=None)


def test_a_link_that_is_revoked_ends_at_once(app: Flask) -> None:
    found = cast.placed((cast.product("a"), 1))
    token = cast.link_of(cast.letters()[0])
    order = cast.order_of(found.number).id
    db.session.rollback()
    with writing() as session:
        tokens.revoke_target(session, links.PURPOSE, order)
    with pytest.raises(NoOrderError):
        links.access(found.number, token=found.token, person=None)
    with pytest.raises(TokenError):
        links.open_link(token)


def test_the_owner_needs_no_link_and_a_stranger_gets_none(app: Flask) -> None:
    number = new(replace(BUYER, person=7))
    access = links.access(number, token=None, person=7)
    assert (access.owner, access.may_change) == (True, True)
    with pytest.raises(NoOrderError):
        links.access(number, token=None, person=8)


@pytest.mark.situation(7)
def test_situation_07_number_and_email_bring_a_link_by_email_alone(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    number = new()
    find(number.lower(), AIGERIM.email.upper())
    letter = cast.letters()[-1]
    assert (letter.kind, letter.language) == ("orders.find", "en")
    opened = links.open_link(cast.link_of(letter))
    assert opened.number == number
    at(NOON + timedelta(hours=24))
    with pytest.raises(NoOrderError):
        links.access(number, token=opened.token, person=None)


def test_what_does_not_match_writes_nothing_and_says_the_same(app: Flask) -> None:
    number = new()
    for wanted, email in (
        (number, BOLAT.email),
        ("NP-261122-1C0H-5", AIGERIM.email),
        ("NP-261122-1C0H-5", BOLAT.email),
    ):
        with cast.counted() as right:
            find(number, AIGERIM.email, f"{email}{wanted}")
        count = len(cast.letters()), tokens_of(number)
        with cast.counted() as wrong:
            find(wanted, email, f"{email}{wanted}")
        db.session.rollback()
        assert db.session.scalar(select(func.count()).select_from(OutboxEmail)) == count[0]
        assert tokens_of(number) == count[1]
        assert [x.split()[:3] for x in wrong] == [x.split()[:3] for x in right]


def test_a_slip_in_the_number_is_said_without_a_look(app: Flask) -> None:
    with cast.counted() as statements, pytest.raises(OrderNumberError) as error:
        find("NP-261122-1C0H-6", AIGERIM.email)
    assert error.value.mistyped
    assert statements == []


@pytest.mark.parametrize(("same", "times"), [("network", 30), ("e-mail", 5), ("number", 5)])
def test_searching_is_limited(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch, same: str, times: int
) -> None:
    at(NOON)
    assert limits.FIND_NETWORK.times > 100, "an office is one network"
    monkeypatch.setattr(limits, "FIND_NETWORK", replace(limits.FIND_NETWORK, times=30))
    numbers = {order_numbers.new(NOON.date()) for _ in range(40)}
    wanted = sorted(numbers)

    def ask(count: int) -> None:
        find(
            wanted[0] if same == "number" else wanted[count],
            AIGERIM.email if same == "e-mail" else f"x{count}@example.kz",
            NETWORK if same == "network" else str(count),
        )

    for count in range(times):
        ask(count)
    with force_locale("en"), pytest.raises(TooManyError) as refused:
        ask(times)
    assert ("network" in str(refused.value.message)) == (same == "network")


def proved(number: str, email: str = AIGERIM.email) -> None:
    letter = next(x for x in cast.letters(email) if number in x.subject)
    links.open_link(cast.link_of(letter))


@pytest.mark.clause("2.4")
@pytest.mark.clause("4.1.2")
def test_orders_of_a_proved_email_go_to_the_account_that_confirms_it(app: Flask) -> None:
    product = cast.product("a")
    first, second = (cast.placed((product, 1)).number for _ in range(2))
    foreign = replace(BUYER, email=BOLAT.email)
    theirs = cast.placed((product, 1), buyer=foreign).number
    proved(first)
    proved(theirs, BOLAT.email)
    person = account(AIGERIM).number
    assert [cast.order_of(x).person for x in (first, second, theirs)] == [
        person,
        None,
        None,
    ]
    proved(second)
    assert cast.order_of(second).person == person
    assert links.access(second, token=None, person=person).owner


def test_an_address_nobody_confirmed_gets_no_orders(app: Flask) -> None:
    number = new()
    proved(number)
    registration.register(
        applicant(), "тихий чай у окна, два", [], ("Firefox", "203.0.113.0/24")
    )
    assert db.session.scalars(select(Person)).one().confirmed_at is None
    assert cast.order_of(number).person is None


def applicant() -> Applicant:
    return Applicant(
        family_name="Сериккызы",
        given_name=AIGERIM.name,
        patronymic="",
        email=AIGERIM.email,
        phone=None,
        language=Language.RU,
    )


@pytest.mark.situation(6)
def test_situation_06_a_link_leaves_no_token_in_an_address(app: Flask) -> None:
    number = new()
    token = cast.link_of(cast.letters()[0])
    assert token not in cast.letters()[0].subject
    client = app.test_client()
    answer = client.get(f"/orders/link/{'A' * 43}")
    assert answer.status_code == 404
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert number not in answer.text


@pytest.mark.situation(2)
def test_situation_02_a_dead_mail_server_delays_only_the_letter(app: Flask) -> None:
    full = cast.filled((cast.product("a"), 1))
    numbers = {placing.place(full, BUYER, COURIER, PROOF).number for _ in range(3)}
    assert len(numbers) == 1
    (letter,) = cast.letters()
    assert letter.state in {"kept", "queued"}
    assert letter.attempts == 0
