"""Measure how fast an issue leaves, against bare posts to the same mail server.

Both sides send the same messages over one connection to a server on loopback, in turns of
one run. Bare posts are the transfer alone; the issue also has two durable commits and two
rendered templates an email. Last it is counted how many emails of news leave before the
email of an order.

usage: python -m bench.newsletter [--emails N] [--turns N]
"""

import argparse
import sys
import time
from collections.abc import Iterator
from statistics import median

from flask import Flask
from sqlalchemy import select

from bench.pages import Figure
from bench.search import site
from neupusti.core.data.database import db
from neupusti.core.mail import message, outbox
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.mail.sender import Sender, connect, transmit
from neupusti.newsletter.models import Issue
from neupusti.newsletter.service import issues, posting
from tests.newsletter import cast
from tests.newsletter.servers import ActingServer
from tests.people import YERLAN

LEAST, FAST = 0.4, 1_000_000
BEFORE = 4
"""Emails of news that have left when the order is placed."""


def main() -> int:
    """Print every figure; return 1 if a target is missed."""
    options = argparse.ArgumentParser(description="Measure the newsletter.")
    options.add_argument("--emails", type=int, default=400, help="in each turn")
    options.add_argument("--turns", type=int, default=5, help="on each database")
    asked = options.parse_args()
    missed = 0
    for figure in figures(asked.emails, asked.turns):
        print(figure, flush=True)
        missed += not figure.met
    return 1 if missed else 0


def figures(emails: int, turns: int) -> Iterator[Figure]:
    """Yield every figure."""
    for name in ("SQLite", "PostgreSQL"):
        is_postgresql = name == "PostgreSQL"
        smtp = ActingServer()
        with (
            smtp.open(),
            site(postgresql=is_postgresql, durable=True, news_per_minute=FAST) as app,
        ):
            cast.send_by(app, smtp.port)
            cast.crowd(emails)
            ratios = []
            for _ in range(turns):
                issue, bodies = sent(emails)
                bare = posted(bodies)
                ratios.append(bare / issue)
                print(f"{name}, emails/s: {emails / bare:.0f} bare, {emails / issue:.0f} "
                      f"of an issue")  # fmt: skip
            what = f"{name}, emails of an issue against bare posts"
            yield Figure(what, median(ratios), "x", least=LEAST)
            yield Figure(f"{name}, news before an order", overtaken(app, smtp), "", most=2)


def sent(emails: int) -> tuple[float, list[tuple[str, bytes]]]:
    """Send an issue; return the seconds, and recipients with their messages."""
    bodies: list[tuple[str, bytes]] = []
    sender = Sender(outbox.service())
    number = cast.issue()
    issues.start(number, staff=cast.DANA)
    taken = 0.0
    while cast.reread(Issue, number).done_at is None:
        begun = time.perf_counter()
        posting.run()
        taken += time.perf_counter() - begun
        bodies += queued()
        begun = time.perf_counter()
        sender.run()
        taken += time.perf_counter() - begun
    if len(bodies) != emails:
        raise RuntimeError(f"{len(bodies)} emails were posted, not {emails}")
    return taken, bodies


def queued() -> list[tuple[str, bytes]]:
    """Return the messages in the outbox that have not left."""
    db.session.rollback()
    rows = db.session.scalars(select(OutboxEmail).filter_by(state="queued")).all()
    found = [
        (row.recipient, message.build(row, outbox.service()).as_bytes()) for row in rows
    ]
    db.session.rollback()
    return found


def posted(bodies: list[tuple[str, bytes]]) -> float:
    """Send messages over one connection and do nothing else; return the seconds."""
    sender, server = outbox.service().sender, outbox.service().server
    if server is None:
        raise RuntimeError("no mail server is set")
    begun = time.perf_counter()
    smtp = connect(server)
    for recipient, body in bodies:
        transmit(smtp, sender, recipient, body, lambda: None)
    smtp.close()
    return time.perf_counter() - begun


def overtaken(app: Flask, smtp: ActingServer) -> int:
    """Return how many emails of news leave between that of an order and its posting."""

    def order() -> None:
        with app.app_context():
            cast.service_email(email=YERLAN.email)
            db.session.remove()

    smtp.at, smtp.act = len(smtp.emails) + BEFORE, order
    before = len(smtp.emails)
    number = cast.issue()
    issues.start(number, staff=cast.DANA)
    cast.sent_through(number)
    return smtp.recipients.index(YERLAN.email) - before - BEFORE


if __name__ == "__main__":
    sys.exit(main())
