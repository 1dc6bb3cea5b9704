"""A changed e-mail: for a week its account is opened by the former address (3.2.3, 6.1.3).

Whoever has the new address may have taken the account over. Until the former one can no
longer undo the change, or has agreed, a sign-in proves no more than the new address.
"""

from datetime import datetime, timedelta
from secrets import token_urlsafe

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.accounts.models import EmailChange, Person
from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.mail.outbox import Recipient, enqueue
from neupusti.core.security import throttle, tokens
from neupusti.core.security.throttle import RateLimit
from neupusti.core.security.tokens import Token, TokenError
from neupusti.core.text import dates, emails, languages
from neupusti.core.text.languages import Language
from neupusti.rights.service import emails as rights_emails
from neupusti.rights.service.errors import RightsError

PURPOSE = "rights former address"
SETTLED = timedelta(days=7)
"""How long a change of the address of an account can be undone."""
ASKS = RateLimit("rights former address", 3, timedelta(days=1))
ASKED = _(
    "The e-mail of this account has changed, and its former address can undo that until "
    "%(until)s. We have sent an e-mail there: once its button is pressed, this works. "
    "Without that mailbox, come with an identity paper."
)


def unsettled(person: int | None) -> EmailChange | None:
    """Return the first change of an address that can be undone and nobody agreed to."""
    agreed = select(Token.id).where(
        Token.purpose == PURPOSE,
        Token.person == person,
        Token.target == EmailChange.id,
        # Before 0039 SQLite may have given the change the number of one before it.
        Token.used_at >= EmailChange.changed_at,
    )
    changes = select(EmailChange).where(
        EmailChange.person == person,
        EmailChange.changed_at > clock.now() - SETTLED,
        EmailChange.over_at.is_(None),
        ~agreed.exists(),
    )
    return db.session.scalar(changes.order_by(EmailChange.id).limit(1))


def ensure_settled(person: int | None) -> None:
    """Ask the former address of an account where it may still undo the change.

    Raise RightsError, which says so.
    """
    change = unsettled(person)
    if change is None:
        return
    until = _until(change)
    with writing() as session:
        if not throttle.count(session, (ASKS, str(change.id))):
            _ask(session, change, until)
    raise RightsError(ASKED % {"until": dates.moment(until, languages.current())})


def asked(token: str) -> EmailChange:
    """Return the change that a link is about; raise TokenError."""
    return _change(db.session(), tokens.peek(PURPOSE, token))


def agree(token: str) -> None:
    """Let the new address open the account: the used link is the yes. Raise TokenError."""
    with writing() as session:
        _change(session, tokens.redeem(session, PURPOSE, token))


def _ask(session: Session, change: EmailChange, until: datetime) -> None:
    life = until - clock.now()
    token = tokens.issue(session, PURPOSE, life, person=change.person, target=change.id)
    person = session.get_one(Person, change.person)
    to = Recipient(
        email=change.old, language=Language(person.language), person=change.person
    )
    values = {"token": token, "new": emails.masked(change.new), "until": until}
    key = f"{rights_emails.FORMER.name}:{token_urlsafe(18)}"
    enqueue(session, rights_emails.FORMER, to, key=key, values=values)


def _change(session: Session, token: Token) -> EmailChange:
    change = session.get(EmailChange, token.target or 0)
    if change is None or change.over_at is not None:
        raise TokenError
    return change


def _until(change: EmailChange) -> datetime:
    return (change.changed_at or clock.now()) + SETTLED
