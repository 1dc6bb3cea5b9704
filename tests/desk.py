"""Test data: people, members of staff and signed-in clients."""

from collections.abc import Iterable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import delete, select

from neupusti.accounts.models import SignIn
from neupusti.accounts.service import people, registration, sessions
from neupusti.accounts.service import second_factor as second_factors
from neupusti.accounts.service.people import Applicant
from neupusti.accounts.service.sessions import ClientContext
from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.records.journal import StaffAction
from neupusti.core.rules import Permission
from neupusti.core.security import grants as staff
from neupusti.core.text.languages import Language
from neupusti.staff.service import grants
from tests.people import Person

RAW = "0" * 40
"""The CSRF secret in the sessions of these clients."""
STALE = timedelta(hours=1)
"""The age of a sign-in that is no longer recent."""


def person(who: Person, *, family_name: str = "Пример", confirmed: bool = True) -> int:
    """Create a person of the cast, without a password; return the number."""
    applicant = Applicant(
        family_name=family_name,
        given_name=who.name,
        patronymic="",
        email=who.email,
        phone=who.phone,
        language=Language.RU,
    )
    with writing() as session:
        made = people.add(session, applicant)
        if confirmed:
            registration.mark_confirmed(session, made)
        return made.id


def member(who: Person, *held: Permission, second_factor: bool = True) -> int:
    """Create a member of staff of the cast with permissions; return the number."""
    number = person(who)
    with writing() as session:
        if second_factor:
            second_factors.enrol(session, number)
        grants.change(session, number, held, by=None)
    return number


def signed_in(
    app: Flask, number: int, *, second_factor: bool = True, recent: bool = True
) -> FlaskClient:
    """Return a client in which person `number` is signed in."""
    browser = app.test_client()
    sign_in(browser, number, second_factor=second_factor, recent=recent)
    return browser


def sign_in(
    browser: FlaskClient, number: int, *, second_factor: bool = True, recent: bool = True
) -> None:
    """Sign person `number` in: a new row, and its key in the client's session."""
    now = clock.now()
    with writing() as session:
        where = ClientContext("Firefox, Linux", "0" * 64)
        opened = sessions.start(session, number, where, remember=False, complete=True)
        row = session.get_one(SignIn, opened.number)
        row.second_factor_at = now if second_factor else None
        row.proved_at = now if recent else now - STALE
    with browser.session_transaction() as kept:
        kept["key"], kept["csrf_token"] = opened.key, RAW


def sign_out(number: int) -> None:
    """End every sign-in of person `number`."""
    with writing() as session:
        session.execute(delete(SignIn).where(SignIn.person == number))


def token(app: Flask) -> str:
    """Return the CSRF token of these clients."""
    secret = str(app.secret_key)
    signer = URLSafeTimedSerializer(secret, salt="wtf-csrf-token")
    return str(signer.dumps(RAW))


def form(app: Flask, **fields: object) -> dict[str, object]:
    """Return the fields of a form with its token."""
    return {"csrf_token": token(app), **fields}


def staff_actions(*actions: str) -> list[StaffAction]:
    """Return the staff actions in the journal, oldest first."""
    db.session.rollback()
    wanted = select(StaffAction).order_by(StaffAction.id)
    if actions:
        wanted = wanted.where(StaffAction.action.in_(actions))
    return list(db.session.scalars(wanted))


def held(number: int) -> set[str]:
    """Return the present permissions of a person."""
    db.session.rollback()
    return {one.value for one in staff.permissions(number)}


def names(permissions: Iterable[Permission]) -> list[str]:
    """Return permissions as a form sends them."""
    return [one.value for one in permissions]
