"""Prove an address without an account: a link by email, a button, a pass of half an hour.

Nothing that was not proved has an effect on anything that was.
"""

import secrets
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person, PersonKind
from neupusti.accounts.service import limits, people
from neupusti.core import clock
from neupusti.core.data import keys
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.mail.outbox import Recipient, enqueue
from neupusti.core.registry import registry
from neupusti.core.security import throttle, tokens
from neupusti.core.security.identity import Pass
from neupusti.core.security.throttle import RateLimit
from neupusti.core.security.tokens import TokenError
from neupusti.core.text import emails
from neupusti.core.text.languages import Language
from neupusti.rights.models import RequestKind, RightsPass
from neupusti.rights.service import emails as rights_emails

PURPOSE, DIGEST = "rights", "rights pass"
LIFE = timedelta(minutes=30)
HOURS_6 = timedelta(hours=6)
AGAIN = 2 * HOURS_6
"""How long a link can be asked for again: as long as the limit of e-mails may last."""
BY_NETWORK = replace(limits.EMAILS_NETWORK, name="rights letter, network")
"""A flood of other forms leaves the way to one's rights open."""
BY_ADDRESS = RateLimit("rights letter", 3, HOURS_6, HOURS_6)


def ask(email: str, kind: RequestKind, language: Language, network: str) -> None:
    """Email a link to `email`, or that nothing is kept; at most three in six hours.

    Beyond that the links of those e-mails work again: strangers who have asked for the same
    address keep nobody out. What the sender of the form sees is the same for every
    address. Raise TooManyError for a network.
    """
    throttle.take((BY_NETWORK, network))
    key = emails.key(email)
    with writing() as session:
        if throttle.count(session, (BY_ADDRESS, key)):
            _renew(session, key)
            return
        to = Recipient(email=email, language=language)
        cause = secrets.token_urlsafe(18)
        account = account_of(session, key)
        if account is None and not is_known(session, key):
            enqueue(session, rights_emails.NOTHING, to, key=f"rights.nothing:{cause}")
            return
        now = clock.now()
        row = RightsPass(
            person=account.id if account else None,
            email=email,
            email_key=key,
            used_for=kind.value,
            asked_at=now,
            ends_at=now + LIFE,
        )
        session.add(row)
        session.flush()
        # The link to a pass that went before 0039, whose number this one may have.
        tokens.revoke_target(session, PURPOSE, row.id)
        token = tokens.issue(session, PURPOSE, AGAIN, target=row.id)
        values = {"token": token, "account": account is not None, "kind": kind.value}
        enqueue(session, rights_emails.LINK, to, key=f"rights.link:{cause}", values=values)


def asked(token: str) -> RightsPass:
    """Return what the link of an email was asked for; raise TokenError."""
    found = db.session.get(RightsPass, tokens.peek(PURPOSE, token).target)
    if found is None or found.ends_at <= clock.now():
        raise TokenError
    return found


def open_pass(token: str) -> tuple[RightsPass, str]:
    """Use up a link; return its row and the secret of the pass. Raise TokenError."""
    text, now = secrets.token_urlsafe(32), clock.now()
    with writing() as session:
        target = tokens.redeem(session, PURPOSE, token).target
        unused = (RightsPass.id == target, RightsPass.digest.is_(None))
        opened = (
            update(RightsPass)
            .where(*unused, RightsPass.ends_at > now)
            .values(digest=keys.hashed(DIGEST, text), ends_at=now + LIFE)
            .returning(RightsPass)
        )
        row = session.scalar(opened)
        if row is None:
            raise TokenError
        return row, text


def find_pass(text: str) -> Pass | None:
    """Return the pass of a secret, unless it has ended or an account owns the address.

    A mailbox that was taken over is not the person: an account opens by a sign-in only.
    """
    row = db.session.scalar(
        select(RightsPass).where(
            RightsPass.digest == keys.hashed(DIGEST, text),
            RightsPass.ends_at > clock.now(),
        )
    )
    if row is None or account_of(db.session(), row.email_key) is not None:
        return None
    return Pass(email=row.email, email_key=row.email_key, asked_at=row.asked_at)


def end_pass(text: str) -> None:
    """End a pass at once."""
    with writing() as session:
        digest = keys.hashed(DIGEST, text)
        ended = update(RightsPass).where(RightsPass.digest == digest)
        session.execute(ended.values(ends_at=clock.now()))


def _renew(session: Session, email_key: str) -> None:
    """Let the links to an address that nobody has opened work for another half an hour."""
    unused = update(RightsPass).where(
        RightsPass.email_key == email_key, RightsPass.digest.is_(None)
    )
    session.execute(unused.values(ends_at=clock.now() + LIFE))


def account_of(session: Session, email_key: str) -> Person | None:
    """Return who has confirmed the address as that of an account, or None."""
    person = people.confirmed(email_key, session)
    is_account = person is not None and person.kind == PersonKind.ACCOUNT.value
    return person if is_account else None


def is_known(session: Session, email_key: str) -> bool:
    """Return whether any row is found by the address."""
    whose = Whose(person=None, email_key=email_key)
    return any(
        session.scalar(holding.of(whose).with_only_columns(1).limit(1)) is not None
        for holding in registry().holdings
    )
