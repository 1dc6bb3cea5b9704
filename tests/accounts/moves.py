"""Changing an address as a person does: request, confirm, undo."""

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from neupusti.accounts.models import Person
from neupusti.core.data.database import db
from tests.accounts.cast import PASSWORD, Account, emails_to, link, signed_in, submit
from tests.people import AIGERIM, GUEST

PATH = "/account/email"
NEW = GUEST.email
OTHER_PASSWORD = "белый парус над заливом"


def request_change(browser: FlaskClient, email: str = NEW, **changes: str) -> TestResponse:
    return submit(browser, PATH, {"email": email, "current": PASSWORD, **changes})


def change_address(app: Flask, who: Account, email: str = NEW) -> FlaskClient:
    """Request and confirm a new address; return the browser."""
    browser = signed_in(app, who)
    assert request_change(browser, email).status_code == 303
    answer = submit(browser, link(emails_to(email)[-1], "/email/confirm/"))
    assert answer.location == "/account/profile?done=email-changed", answer.text
    return browser


def address(number: int) -> str:
    db.session.rollback()
    return db.session.get_one(Person, number, populate_existing=True).email


def secure_link(kind: str, to: str = AIGERIM.email) -> str:
    """Return the path of «secure my account» in the newest e-mail of a kind."""
    return next(
        link(message, "/account/secure/")
        for message in reversed(emails_to(to))
        if message.kind == f"accounts.{kind}"
    )


def email_kinds(to: str) -> list[str]:
    return [message.kind.removeprefix("accounts.") for message in emails_to(to)]
