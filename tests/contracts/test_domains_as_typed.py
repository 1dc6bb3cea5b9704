"""Addresses stored by IDNA 2003 are repaired; ambiguous ones lose their links."""

import logging
from dataclasses import replace

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.accounts.models import EmailChange, Person
from neupusti.accounts.service import emails as account_emails
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

CHEROKEE = "\u13a0\u13a1"
"""Its lower case is newer than IDNA 2003, which kept upper case."""


def old(domain: str, local: str = "dana") -> str:
    """Return an address as it was stored."""
    return f"{local}@{domain.encode('idna').decode().lower()}"


def planted(who: One, domain: str, *, confirmed: bool) -> int:
    return desk.person(replace(who, email=old(domain)), confirmed=confirmed)


def registered(who: One, domain: str) -> tuple[int, str, int]:
    """Register a person; return number, token and id of the queued email."""
    number = planted(who, domain, confirmed=False)
    with writing() as session:
        token = tokens.issue(
            session, registration.CONFIRM, registration.LIFE, person=number
        )
        to = Recipient(email=old(domain), language=Language.KK, person=number)
        key, values = f"try:{number}", {"token": token}
        email = enqueue(session, account_emails.CONFIRM, to, key=key, values=values)
        email.state, email.done_at = OutboxState.QUEUED.value, None
        return number, token, email.id


def migrate() -> None:
    """Downgrade before the migration, and upgrade again."""
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


def test_an_unambiguous_domain_is_repaired(app: Flask) -> None:
    typed = f"dana@{CHEROKEE}.kz"
    number = planted(DANA, f"{CHEROKEE}.kz", confirmed=True)
    assert person(number).email != emails.parse(typed)
    waits, token, email = registered(BOLAT, f"{CHEROKEE}.net")
    with writing() as session:
        change = EmailChange(
            person=number, old="d@e.kz", new=old(f"{CHEROKEE}.org"), asked_at=clock.now()
        )
        session.add(change)
    migrate()
    found = people.confirmed(emails.parse(typed))
    assert found is not None
    assert found.id == number
    before = found.search
    found.update_search_columns()
    assert found.search == before
    assert person(waits).email == emails.parse(f"dana@{CHEROKEE}.net")
    assert opens(token)
    assert db.session.get_one(OutboxEmail, email).recipient == person(waits).email
    assert db.session.get_one(OutboxEmail, email).state == OutboxState.QUEUED
    new = db.session.scalars(select(EmailChange.new)).one()
    assert new == emails.parse(f"dana@{CHEROKEE}.org")
    migrate()
    assert person(number).email == emails.parse(typed)


@pytest.mark.parametrize(
    "domain", ["straße.de", "κόσμος.gr", "ශ්\u200dරී.lk", "می\u200cخواهم.ir"]
)
def test_an_ambiguous_unconfirmed_address_loses_its_link(app: Flask, domain: str) -> None:
    number, token, email = registered(DANA, domain)
    assert person(number).email != emails.parse(f"dana@{domain}")
    kept = desk.person(replace(BOLAT, email=old(domain, "bolat")))
    migrate()
    assert not opens(token)
    assert person(number).email == old(domain)
    row = db.session.get_one(OutboxEmail, email)
    assert (row.state, row.done_at) == (OutboxState.REFUSED, row.created_at)
    assert person(kept).email == old(domain, "bolat")
    assert person(kept).confirmed_at is not None


def test_other_addresses_are_unchanged(app: Flask) -> None:
    registrations = [registered(AIGERIM, "example.kz"), registered(BOLAT, "пример.қаз")]
    before = [(person(number).email, person(number).search) for number, *_ in registrations]
    migrate()
    assert [
        (person(number).email, person(number).search) for number, *_ in registrations
    ] == before
    for _, token, email in registrations:
        assert opens(token)
        assert db.session.get_one(OutboxEmail, email).state == OutboxState.QUEUED


def test_an_address_confirmed_by_somebody_else_is_not_taken(app: Flask) -> None:
    typed = emails.parse(f"dana@{CHEROKEE}.kz")
    owner = desk.person(replace(DANA, email=typed))
    other = planted(YERLAN, f"{CHEROKEE}.kz", confirmed=True)
    third = planted(AIGERIM, "i❤.ws", confirmed=True)
    records: list[dict[str, object]] = []

    def record_fields(record: logging.LogRecord) -> bool:
        records.append(record.__dict__["fields"])
        return False

    log = logging.getLogger("neupusti.migration")
    log.addFilter(record_fields)
    try:
        migrate()
    finally:
        log.removeFilter(record_fields)
    found = people.confirmed(typed)
    assert found is not None
    assert found.id == owner
    assert person(other).email == old(f"{CHEROKEE}.kz")
    assert person(third).email == "dana@xn--i-7iq.ws"
    [line] = records
    assert line["cannot_sign_in"] == f"{other},{third}"
