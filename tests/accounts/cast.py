"""Accounts for the cast, and browsers that submit forms as a person does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select
from werkzeug.test import TestResponse

from neupusti.accounts.models import SecondFactor
from neupusti.accounts.service import passwords, people, registration, second_factor
from neupusti.accounts.service.people import Applicant
from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.records.journal import SecurityEvent
from neupusti.core.security.throttle import ThrottleCount
from neupusti.core.text.languages import Language
from tests import people as cast

PASSWORD = "тихий чай у окна"
HIDDEN = re.compile(r"<input[^>]*type=\"hidden\"[^>]*>")
ATTRIBUTE = re.compile(r"(name|value)=\"([^\"]*)\"")
LINK = re.compile(r"http://127\.0\.0\.1:8000(/\S+)")


@dataclass
class Account:
    """The account of one of the cast."""

    number: int
    email: str
    password: str = PASSWORD
    secret: str = ""
    used_codes: set[str] = field(default_factory=set)

    def code(self) -> str:
        """Return a current TOTP code that was not used yet.

        Never that of the previous 30-second step: it may expire before it is checked.
        """
        now = int(clock.now().timestamp())
        for step in (0, 30):
            code = pyotp.TOTP(self.secret).at(now + step)
            if code not in self.used_codes:
                self.used_codes.add(code)
                return code
        raise AssertionError("no code is left for this minute")


def account(
    who: cast.Person, *, with_second_factor: bool = False, language: Language = Language.RU
) -> Account:
    """Make a confirmed account for `who`; an app context is needed."""
    password_hash = passwords.hashed(PASSWORD)
    applicant = Applicant(
        family_name="Пример",
        given_name=who.name,
        patronymic="",
        email=who.email,
        phone=who.phone,
        language=language,
    )
    with writing() as session:
        person = people.add(session, applicant)
        passwords.set_password(session, person.id, password_hash)
        registration.mark_confirmed(session, person)
        number = person.id
        secret = second_factor.enrol(session, number) if with_second_factor else ""
        if with_second_factor:
            second_factor.make_codes(session, number)
    db.session.rollback()
    return Account(number, who.email, secret=secret)


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of the first form of `page` that has a token."""
    found: dict[str, str] = {}
    form = next((f for f in page.split("<form") if "csrf_token" in f), "")
    for tag in HIDDEN.findall(form):
        attributes = dict(ATTRIBUTE.findall(tag))
        if "name" in attributes:
            found.setdefault(attributes["name"], unescape(attributes.get("value", "")))
    return found


def submit(
    browser: FlaskClient, path: str, fields: Mapping[str, Any] | None = None, page: str = ""
) -> TestResponse:
    """Open `page` (or `path`) and submit its form to `path`."""
    shown = browser.get(page or path)
    return browser.post(path, data={**hidden(shown.text), **(fields or {})})


def sign_in(browser: FlaskClient, who: Account, **fields: Any) -> TestResponse:
    """Sign `who` in: password, and the code where there is one."""
    data = {"email": who.email, "password": who.password, **fields}
    if who.secret and "code" not in data:
        data["code"] = who.code()
    return submit(browser, "/account/login", data)


def signed_in(app: Flask, who: Account, **fields: Any) -> FlaskClient:
    """Return a browser in which `who` is signed in."""
    browser = app.test_client()
    answer = sign_in(browser, who, **fields)
    assert answer.status_code == 303, answer.text
    return browser


def emails_to(to: str) -> list[OutboxEmail]:
    """Return the e-mails to one address, oldest first."""
    db.session.rollback()
    found = select(OutboxEmail).where(OutboxEmail.recipient == to).order_by(OutboxEmail.id)
    return list(db.session.scalars(found))


def link(message: OutboxEmail, part: str = "") -> str:
    """Return the path of the first link of an e-mail that contains `part`."""
    found: list[str] = LINK.findall(message.text)
    return next(path for path in found if part in path)


def is_signed_in(browser: FlaskClient) -> bool:
    """Return whether somebody is signed in in a browser."""
    answer = browser.get("/account/")
    assert answer.status_code in {200, 303}
    return answer.status_code == 200


def events(person: int) -> list[str]:
    """Return the security events of an account, oldest first."""
    db.session.rollback()
    rows = select(SecurityEvent.kind).filter_by(person=person).order_by(SecurityEvent.id)
    return list(db.session.scalars(rows))


def second_factor_of(number: int) -> SecondFactor:
    """Return the second factor of a person from the database."""
    db.session.rollback()
    return db.session.get_one(SecondFactor, number, populate_existing=True)


def reset_throttle() -> None:
    """Reset all rate limits, which have tests of their own."""
    with writing() as session:
        session.execute(delete(ThrottleCount))
