"""Measure how fast an issue leaves, against bare posts to the same mail server.

Both sides send the same messages over one connection to a server on loopback, in turns of
one run. Bare posts are the transfer alone; the issue also has a durable commit and a row of
its own for each email. The server keeps each email in a file before it accepts it, as mail
servers do (RFC 5321, 6.1); for comparison the ratio against one that keeps nothing is
printed too. Last it is counted how many emails of news leave before the email of an order.

usage: python -m bench.newsletter [--emails N] [--turns N]
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from aiosmtpd.smtp import Envelope
from flask import Flask
from sqlalchemy import select

from bench.pages import Figure, outcome
from bench.search import site
from neupusti.core.data.database import db
from neupusti.core.mail import message, outbox
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.mail.sender import Sender
from neupusti.core.mail.smtp import connect, transmit
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
    return outcome(figures(asked.emails, asked.turns))


def figures(emails: int, turns: int) -> Iterator[Figure]:
    """Yield every figure."""
    for name in ("SQLite", "PostgreSQL"):
        is_postgresql = name == "PostgreSQL"
        with (
            tempfile.TemporaryDirectory() as folder,
            site(postgresql=is_postgresql, durable=True, news_per_minute=FAST) as app,
        ):
            cast.crowd(emails)
            what = f"{name}, emails of an issue against bare posts"
            forgetful, keeping = ActingServer(), KeepingServer(folder=Path(folder))
            with forgetful.open():
                cast.send_by(app, forgetful.port)
                print(f"{what}, to a server that keeps nothing: "
                      f"{ratio(name, emails, turns):.2f}")  # fmt: skip
            with keeping.open():
                cast.send_by(app, keeping.port)
                yield Figure(what, ratio(name, emails, turns), "x", least=LEAST)
                overtook = overtaken(app, keeping)
                yield Figure(f"{name}, news before an order", overtook, "", most=2)


@dataclass
class KeepingServer(ActingServer):
    """Writes each email to a file, and the file to the disk, before it accepts it."""

    folder: Path = Path()

    def _store(self, envelope: Envelope) -> None:
        with (self.folder / f"{len(self.emails)}").open("wb") as file:
            file.write(envelope.content or b"")  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        super()._store(envelope)


def ratio(name: str, emails: int, turns: int) -> float:
    """Return how fast an issue leaves against bare posts: the median of all turns."""
    ratios = []
    for _ in range(turns):
        issue, bodies = sent(emails)
        bare = posted(bodies)
        ratios.append(bare / issue)
        print(
            f"{name}, emails/s: {emails / bare:.0f} bare, {emails / issue:.0f} of an issue"
        )
    return median(ratios)


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
    found = [(row.recipient, message.build(row, outbox.service())) for row in rows]
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
