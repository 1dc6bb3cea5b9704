"""A flood of asks for links to data: e-mails of an address, and processor of a request.

A minute of 1,000 asks, four for each address and ten from each network. The wait that makes
all answers alike is no work and is left out. Part of `python -m bench.rights`.
"""

import time
from collections.abc import Iterator
from statistics import quantiles

from flask import Flask
from sqlalchemy import func, select

from bench.pages import Figure
from neupusti.accounts.views import blueprint
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from tests import people
from tests.orders.buying import SAME_ORIGIN, hidden
from tests.rights.canaries import Planted

ASKS, OF_AN_ADDRESS, OF_A_NETWORK = 1000, 4, 10
MOST_EMAILS, MOST_MS = 3, 100
PAGE = "/en/rights/"


def figures(app: Flask) -> Iterator[Figure]:
    """Send the flood; yield what it took. One of the addresses is that of a guest."""
    with writing() as session:
        Planted(people.BOLAT, None).plant(session)
    spent = sorted(_flood(app))
    emails = select(func.count()).group_by(OutboxEmail.recipient)
    most = max(db.session.scalars(emails.where(OutboxEmail.kind.startswith("rights."))))
    yield Figure("e-mails to one address", most, "", most=MOST_EMAILS)
    p99 = quantiles(spent, n=100)[-1] * 1000
    yield Figure(f"processor of an ask, p99 of {len(spent)}", p99, "ms", most=MOST_MS)


def _flood(app: Flask) -> Iterator[float]:
    """Yield the seconds of the processor that each ask took."""
    browser, padding = app.test_client(), blueprint.PADDING_SECONDS
    token = hidden(browser.get(PAGE).text)["csrf_token"]
    blueprint.PADDING_SECONDS = 0
    try:
        for number in range(ASKS):
            whom = number % (ASKS // OF_AN_ADDRESS)
            form = {"csrf_token": token, "email": _address(whom), "right": "access"}
            source = {"REMOTE_ADDR": f"10.0.{number // OF_A_NETWORK}.1"}
            began = time.thread_time()
            answer = browser.post(
                PAGE, data=form, headers=SAME_ORIGIN, environ_overrides=source
            )
            yield time.thread_time() - began
            if answer.status_code != 303:
                raise RuntimeError(f"an ask was answered {answer.status_code}")
    finally:
        blueprint.PADDING_SECONDS = padding


def _address(number: int) -> str:
    return f"bench{number}@example.kz" if number else people.BOLAT.email
