"""Unconfirmed accounts: the first to confirm takes the address, and nothing is left."""

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from neupusti.accounts.models import Credential, Person
from neupusti.accounts.service import registration
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.records.journal import ProcessingEvent, SecurityEvent
from neupusti.core.security.tokens import Token
from tests.accounts.cast import emails_to, link, submit
from tests.accounts.test_registration import people, register
from tests.people import AIGERIM


def left_behind() -> set[int]:
    """Return the numbers of people who are gone and of whom something is still there."""
    db.session.rollback()
    there = set(db.session.scalars(select(Person.id)))
    columns = (OutboxEmail.person, Token.person, SecurityEvent.person)
    found = {number for column in columns for number in db.session.scalars(select(column))}
    return {number for number in found if number is not None} - there


def test_the_first_to_confirm_takes_the_address(app: Flask, client: FlaskClient) -> None:
    """Registering another's address does not take it from its owner."""
    register(client, given_name="Чужой", password="пустой сарай за рекой")
    register(client)
    stranger, mine = map(link, emails_to(AIGERIM.email))
    submit(client, mine, {"choice": "confirm"})
    [person] = people()
    assert person.given_name == "Әлия"
    assert client.get(stranger).status_code == 404
    assert left_behind() == set()
    assert db.session.scalar(select(func.count()).select_from(Credential)) == 1


def test_the_owner_of_the_address_can_destroy_the_account(
    app: Flask, client: FlaskClient
) -> None:
    register(client)
    path = link(emails_to(AIGERIM.email)[0])
    answer = submit(client, path, {"choice": "decline"})
    assert answer.location == "/account/login?done=declined"
    assert people() == []
    assert left_behind() == set()
    assert client.get(path).status_code == 404
    operations = db.session.scalars(select(ProcessingEvent.operation)).all()
    assert operations == ["collection", "destruction"]


def test_a_confirmed_account_is_not_destroyed_by_an_old_link(
    app: Flask, client: FlaskClient
) -> None:
    """The address was confirmed another way while the first e-mail lay unread."""
    register(client)
    path = link(emails_to(AIGERIM.email)[0])
    with writing() as session:
        registration.mark_confirmed(session, session.scalars(select(Person)).one())
    submit(client, path, {"choice": "decline"})
    assert [person.email for person in people()] == [AIGERIM.email]
