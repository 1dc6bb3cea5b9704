"""Addresses that get no news: who unsubscribed, and mailboxes that do not exist.

Only a keyed hash is kept. Emails of the service go on: they are not news.
"""

import re

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data import keys
from neupusti.core.data.database import insert
from neupusti.core.text import emails
from neupusti.newsletter.models import HASH_USE, Suppression, Why

NO_MAILBOX = re.compile(r"5\.(?:1\.(?:1|2|3|6|10)|2\.1)", re.ASCII)
"""Statuses of RFC 3463 and RFC 7505 that say: there is no such mailbox, for good."""


def suppress(session: Session, why: Why, *addresses: str) -> None:
    """Let `addresses` get no news, in the open write transaction.

    That its owner unsubscribed is never replaced by what became of a mailbox.
    """
    found = suppressed(session, *addresses)
    new = [one for one in addresses if found.get(one) is not Why.UNSUBSCRIBED]
    for email in found.keys() & new:
        lift(session, email)
    now = clock.now()
    rows = [
        {"hash": keys.keyed(HASH_USE, emails.key(email)), "since": now, "why": why}
        for email in new
    ]
    if rows:
        session.execute(insert(session, Suppression).on_conflict_do_nothing(), rows)


def lift(session: Session, email: str) -> None:
    """Let `email` get news again: its owner has asked for them and proved it."""
    session.execute(delete(Suppression).where(Suppression.hash.in_(_hashes(email))))


def suppressed(session: Session, *addresses: str) -> dict[str, Why]:
    """Return those of `addresses` that get no news, each with the reason."""
    by_hash = {value: one for one in addresses for value in _hashes(one)}
    rows = session.execute(
        select(Suppression.hash, Suppression.why).where(Suppression.hash.in_(by_hash))
    )
    return {by_hash[row[0]]: Why(row[1]) for row in rows}


def is_permanent(reply: str) -> bool:
    """Return whether the reply of a server, `550 5.1.1 …`, says there is no mailbox."""
    code, _, rest = reply.partition(" ")
    return code.startswith("55") and bool(NO_MAILBOX.fullmatch(rest.partition(" ")[0]))


def _hashes(email: str) -> tuple[str, ...]:
    return keys.keyed_all(HASH_USE, emails.key(email))
