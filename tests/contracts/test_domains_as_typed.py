"""Addresses stored by IDNA 2003 are mended; what cannot be told is not trusted."""

import logging
from dataclasses import replace

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.accounts.models import EmailChange, Person
from neupusti.accounts.service import emails as letters
from neupusti.accounts.service import people, registration
from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.mail.outbox import Recipient, enqueue
from neupusti.core.security import tokens
from neupusti.core.security.tokens import TokenError
from neupusti.core.text import emails
from neupusti.core.text.languages import Language
from tests import desk
from tests.people import AIGERIM, BOLAT, DANA, YERLAN
from tests.people import Person as One

CAPITAL = "\u13a0\u13a1"
"""Cherokee: its small letters came after IDNA 2003, which kept the capitals."""


def old(domain: str, local: str = "dana") -> str:
    """Return an address as it was stored."""
    return f"{local}@{domain.encode('idna').decode().lower()}"


def planted(who: One, domain: str, *, confirmed: bool) -> int:
    return desk.person(replace(who, email=old(domain)), confirmed=confirmed)


def registered(who: One, domain: str) -> tuple[int, str, int]:
    """Return somebody who has only said an address: number, link, letter that waits."""
    number = planted(who, domain, confirmed=False)
    with writing() as session:
        token = tokens.issue(
            session, registration.CONFIRM, registration.LIFE, person=number
        )
        to = Recipient(email=old(domain), language=Language.KK, person=number)
        key, values = f"try:{number}", {"token": token}
        letter = enqueue(session, letters.CONFIRM, to, key=key, values=values)
        letter.state, letter.done_at = OutboxState.QUEUED.value, None
        return number, token, letter.id


def migrate() -> None:
    """Go back before the migration, and through it again."""
    db.session.remove()
    flask_migrate.downgrade(revision="0012-1")
    flask_migrate.upgrade()


def person(number: int) -> Person:
    return db.session.get_one(Person, number)


def opens(token: str) -> bool:
    try:
        return registration.person_by_token(token) is not None
    except TokenError:
        return False


def test_a_domain_that_tells_what_was_typed_is_mended(app: Flask) -> None:
    typed = f"dana@{CAPITAL}.kz"
    number = planted(DANA, f"{CAPITAL}.kz", confirmed=True)
    assert person(number).email != emails.parse(typed)
    waits, token, letter = registered(BOLAT, f"{CAPITAL}.net")
    with writing() as session:
        change = EmailChange(
            person=number, old="d@e.kz", new=old(f"{CAPITAL}.org"), asked_at=clock.now()
        )
        session.add(change)
    migrate()
    found = people.confirmed(emails.parse(typed))
    assert found is not None
    assert found.id == number
    before = found.search
    found.update_search_columns()
    assert found.search == before
    assert person(waits).email == emails.parse(f"dana@{CAPITAL}.net")
    assert opens(token)
    assert db.session.get_one(OutboxEmail, letter).recipient == person(waits).email
    assert db.session.get_one(OutboxEmail, letter).state == OutboxState.QUEUED
    new = db.session.scalars(select(EmailChange.new)).one()
    assert new == emails.parse(f"dana@{CAPITAL}.org")
    migrate()
    assert person(number).email == emails.parse(typed)


@pytest.mark.parametrize(
    "domain", ["straße.de", "κόσμος.gr", "ශ්\u200dරී.lk", "می\u200cخواهم.ir"]
)
def test_an_unconfirmed_address_of_two_domains_is_trusted_no_longer(
    app: Flask, domain: str
) -> None:
    number, token, letter = registered(DANA, domain)
    assert person(number).email != emails.parse(f"dana@{domain}")
    kept = desk.person(replace(BOLAT, email=old(domain, "bolat")))
    migrate()
    assert not opens(token)
    assert person(number).email == old(domain)
    row = db.session.get_one(OutboxEmail, letter)
    assert (row.state, row.done_at) == (OutboxState.REFUSED, row.created_at)
    assert person(kept).email == old(domain, "bolat")
    assert person(kept).confirmed_at is not None


def test_what_was_never_in_doubt_stays_as_it_was(app: Flask) -> None:
    said = [registered(AIGERIM, "example.kz"), registered(BOLAT, "пример.қаз")]
    before = [(person(number).email, person(number).search) for number, *_ in said]
    migrate()
    assert [(person(number).email, person(number).search) for number, *_ in said] == before
    for _, token, letter in said:
        assert opens(token)
        assert db.session.get_one(OutboxEmail, letter).state == OutboxState.QUEUED


def test_nobody_takes_an_address_that_somebody_else_confirmed(app: Flask) -> None:
    typed = emails.parse(f"dana@{CAPITAL}.kz")
    owner = desk.person(replace(DANA, email=typed))
    other = planted(YERLAN, f"{CAPITAL}.kz", confirmed=True)
    third = planted(AIGERIM, "i❤.ws", confirmed=True)
    told: list[dict[str, object]] = []

    def heard(record: logging.LogRecord) -> bool:
        told.append(record.__dict__["fields"])
        return False

    log = logging.getLogger("neupusti.migration")
    log.addFilter(heard)
    try:
        migrate()
    finally:
        log.removeFilter(heard)
    found = people.confirmed(typed)
    assert found is not None
    assert found.id == owner
    assert person(other).email == old(f"{CAPITAL}.kz")
    assert person(third).email == "dana@xn--i-7iq.ws"
    [line] = told
    assert line["cannot_sign_in"] == f"{other},{third}"
