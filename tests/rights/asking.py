"""Browsers of people who use their rights, and what is stored of it."""

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from neupusti.core import clock
from neupusti.core.data.database import Base, db, writing
from neupusti.core.security import tokens
from neupusti.rights.models import DataRequest, Export, RequestKind, RightsPass
from neupusti.rights.service import asking, exporting
from tests.accounts.cast import emails_to
from tests.orders.buying import SAME_ORIGIN, Shopper, hidden, product
from tests.people import GUEST, Person

RIGHTS = "/en/rights/"
OPEN = re.compile(r"/rights/open/([\w-]{43})")
CODE = re.compile(r"Code: ([0-9A-Z-]{14})")


def send(browser: FlaskClient, path: str, page: str = "", **fields: Any) -> TestResponse:
    """Open `page` (or `path`) and send its last form to `path`."""
    token = hidden(browser.get(page or path).text)["csrf_token"]
    return browser.post(path, data={"csrf_token": token, **fields}, headers=SAME_ORIGIN)


def ask(browser: FlaskClient, email: str, right: str = "access") -> TestResponse:
    """Ask for the link to the data of an address."""
    return send(browser, RIGHTS, email=email, right=right)


def tokens_of(who: Person) -> list[str]:
    """Return the tokens in the emails to a person, the oldest first."""
    return OPEN.findall("\n".join(email.text for email in emails_to(who.email)))


def bought(app: Flask, who: Person = GUEST) -> None:
    """Let a guest order something: so their address is known."""
    Shopper(app, who=who, prefix="/en").bought(product())


def opened(app: Flask, who: Person = GUEST, right: str = "access") -> FlaskClient:
    """Return a browser that has a pass of an address which is known already."""
    browser = app.test_client()
    assert ask(browser, who.email, right).status_code == 303
    path = f"/en/rights/open/{tokens_of(who)[-1]}"
    assert send(browser, path).status_code == 303
    return browser


def pass_of(who: Person) -> str:
    """Return the secret of a new pass of a person who has no account."""
    now = clock.now()
    with writing() as session:
        row = RightsPass(
            email=who.email,
            email_key=who.email,
            used_for=RequestKind.ACCESS.value,
            asked_at=now,
            ends_at=now + asking.LIFE,
        )
        session.add(row)
        session.flush()
        token = tokens.issue(session, asking.PURPOSE, asking.LIFE, target=row.id)
    return asking.open_pass(token)[1]


def count(table: type[Base]) -> int:
    """Return how many rows a table has."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def request_of(number: str) -> DataRequest:
    """Return a request as it is stored now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(DataRequest).filter_by(number=number)).one()


def export_of(number: str) -> Export:
    """Return the export of a request as it is stored now."""
    request = request_of(number)
    return db.session.scalars(select(Export).filter_by(request=request.id)).one()


def fetch(browser: FlaskClient, path: str, **kwargs: Any) -> TestResponse:
    """Download a file, and close it."""
    return browser.get(path, buffered=True, **kwargs)


def work() -> None:
    """Run the job that makes archives, as its thread does: in a new transaction."""
    db.session.rollback()
    exporting.run()
    db.session.rollback()
