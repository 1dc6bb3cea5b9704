"""People of the cast with accounts, and browsers that fill in forms as a person does."""

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
    """One of the cast, with an account."""

    number: int
    email: str
    password: str = PASSWORD
    secret: str = ""
    spent: set[str] = field(default_factory=set)

    def code(self) -> str:
        """Return a code the app shows about now and has not given yet.

        Never that of the half minute before: on its way to the site it may grow too old.
        """
        now = int(clock.now().timestamp())
        for step in (0, 30):
            code = pyotp.TOTP(self.secret).at(now + step)
            if code not in self.spent:
                self.spent.add(code)
                return code
        raise AssertionError("no code is left for this minute")


def account(
    who: cast.Person, *, factor: bool = False, language: Language = Language.RU
) -> Account:
    """Make a confirmed account for `who`; an app context is needed."""
    kept = passwords.hashed(PASSWORD)
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
        passwords.set_password(session, person.id, kept)
        registration.mark_confirmed(session, person)
        number = person.id
        secret = second_factor.enrol(session, number) if factor else ""
        if factor:
            second_factor.make_codes(session, number)
    db.session.rollback()
    return Account(number, who.email, secret=secret)


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of the first form of `page` that has a token."""
    found: dict[str, str] = {}
    form = next((f for f in page.split("<form") if "csrf_token" in f), "")
    for tag in HIDDEN.findall(form):
        said = dict(ATTRIBUTE.findall(tag))
        if "name" in said:
            found.setdefault(said["name"], unescape(said.get("value", "")))
    return found


def submit(
    browser: FlaskClient, path: str, fields: Mapping[str, Any] | None = None, page: str = ""
) -> TestResponse:
    """Open `page` (or `path`), fill its form in and send it to `path`."""
    shown = browser.get(page or path)
    return browser.post(path, data={**hidden(shown.text), **(fields or {})})


def sign_in(browser: FlaskClient, who: Account, **fields: Any) -> TestResponse:
    """Sign `who` in: password, and the code where there is one."""
    said = {"email": who.email, "password": who.password, **fields}
    if who.secret and "code" not in said:
        said["code"] = who.code()
    return submit(browser, "/account/login", said)


def signed_in(app: Flask, who: Account, **fields: Any) -> FlaskClient:
    """Return a browser in which `who` is signed in."""
    browser = app.test_client()
    answer = sign_in(browser, who, **fields)
    assert answer.status_code == 303, answer.text
    return browser


def emails_to(to: str) -> list[OutboxEmail]:
    """Return the letters to one address, oldest first."""
    db.session.rollback()
    found = select(OutboxEmail).where(OutboxEmail.recipient == to).order_by(OutboxEmail.id)
    return list(db.session.scalars(found))


def link(letter: OutboxEmail, part: str = "") -> str:
    """Return the path of the first link of a letter that holds `part`."""
    found: list[str] = LINK.findall(letter.text)
    return next(path for path in found if part in path)


def is_signed_in(browser: FlaskClient) -> bool:
    """Tell whether somebody is signed in in a browser."""
    answer = browser.get("/account/")
    assert answer.status_code in {200, 303}
    return answer.status_code == 200


def events(person: int) -> list[str]:
    """Return what happened to the safety of an account, oldest first."""
    db.session.rollback()
    rows = select(SecurityEvent.kind).filter_by(person=person).order_by(SecurityEvent.id)
    return list(db.session.scalars(rows))


def second_factor_of(number: int) -> SecondFactor:
    """Return the second factor of a person as it stands in the database."""
    db.session.rollback()
    return db.session.get_one(SecondFactor, number, populate_existing=True)


def reset_throttle() -> None:
    """Forget every try that was counted: the limits have tests of their own."""
    with writing() as session:
        session.execute(delete(ThrottleCount))
