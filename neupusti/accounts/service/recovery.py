"""Setting a password anew: by a link, by the old one, or after somebody else was in.

Every way ends all sessions but the one that asked, and every link that was sent before.
None of them goes round the second step.
"""

from datetime import timedelta

from sqlalchemy.orm import Session

from neupusti.accounts.models import Credential, Person, PersonKind, SignIn
from neupusti.accounts.service import emails as letters
from neupusti.accounts.service import (
    limits,
    passwords,
    people,
    registration,
    second_factor,
    sessions,
    signing_in,
    suspensions,
)
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.config.settings import settings
from neupusti.core.data.database import db, writing
from neupusti.core.mail.outbox import EmailType as Wording
from neupusti.core.mail.outbox import Recipient, enqueue
from neupusti.core.records import journal
from neupusti.core.security import throttle, tokens
from neupusti.core.security.tokens import TokenError
from neupusti.core.text import emails
from neupusti.core.text.languages import Language

RESET = "reset password"
LIFE = timedelta(minutes=30)
INVITATION_LIFE = timedelta(days=3)


def ask(email: str, language: Language, device: str, network: str) -> None:
    """Write to `email`: a link where there is an account, else that there is none.

    The page answers the same for both. Raise TooManyError.
    """
    throttle.take(
        (limits.RESET_LETTER, emails.key(email)), (limits.LETTERS_NETWORK, network)
    )
    with writing() as session:
        person = people.confirmed(email, session)
        if person is None or person.kind != PersonKind.ACCOUNT:
            to = Recipient(email=email, language=language)
            enqueue(session, letters.UNKNOWN, to, key=letters.fresh_key(letters.UNKNOWN))
            return
        send_link(session, person)
        journal.log_security_event(
            session, person.id, SecurityEventKind.RESET_ASKED, device
        )


def send_link(session: Session, person: Person) -> None:
    """Write to `person` a link that sets the password anew, unless they are blocked."""
    tokens.revoke(session, person.id, RESET)
    _tell_way_in(session, person, letters.RESET, LIFE)


def invitation(session: Session, person: int) -> str:
    """Return the token of a link by which an invited person sets the first password.

    Following it confirms the address: `accounts.reset` is its page.
    """
    tokens.revoke(session, person, RESET)
    return tokens.issue(session, RESET, INVITATION_LIFE, person=person)


def whose(token: str) -> Person:
    """Return whose password the link sets, changing nothing; raise TokenError."""
    person = db.session.get(Person, tokens.peek(RESET, token).person)
    if person is None:
        raise TokenError
    return person


def reset(token: str, password: str, device: str) -> None:
    """Set the password by the link of a letter; raise TokenError, Fault.

    The link came by mail, so it confirms the address too.
    """
    person = whose(token)
    about, shortest = people.words_of(person), shortest_for(person.id)
    db.session.rollback()
    passwords.check(password, about, shortest=shortest)
    kept = passwords.hashed(password)
    with writing() as session:
        number = tokens.redeem(session, RESET, token).person
        found = session.get(Person, number)
        if found is None:
            raise TokenError
        registration.settle(session, found)
        _changed(session, found, kept)
        sessions.end_all(session, found.id)
        throttle.forget(session, (limits.SIGN_IN_ACCOUNT, found.email_key))
        journal.log_security_event(
            session, found.id, SecurityEventKind.PASSWORD_RESET, device
        )


def change(number: int, person: int, old: str, new: str) -> str:
    """Change the password of a signed-in person; return the session's new key.

    Every other session ends. Raise Fault, TooManyError.
    """
    signing_in.check_password(person, old)
    about = people.words_of(db.session.get_one(Person, person))
    shortest = shortest_for(person)
    db.session.rollback()
    passwords.check(new, about, shortest=shortest)
    kept = passwords.hashed(new)
    with writing() as session:
        _changed(session, session.get_one(Person, person), kept)
        sessions.end_all(session, person, but=number)
        row = session.get_one(SignIn, number)
        row.remember_digest = None
        journal.log_security_event(
            session, person, SecurityEventKind.PASSWORD_CHANGED, row.device
        )
        return sessions.renew(session, row)


def not_me(token: str, device: str) -> None:
    """Lock the account at its owner's word: nobody is in, no password works.

    A link to set a new one goes to the address. Raise TokenError.
    """
    with writing() as session:
        number = tokens.redeem(session, signing_in.NOT_ME, token).person
        person = session.get(Person, number)
        if person is None:
            raise TokenError
        lock(session, person)
        journal.log_security_event(session, person.id, SecurityEventKind.NOT_ME, device)


def lock(session: Session, person: Person) -> None:
    """End every session, take the password back, and write how to set a new one (5.5).

    A blocked account stays blocked: its owner is told that there is no link.
    """
    sessions.end_all(session, person.id)
    tokens.revoke(session, person.id)
    passwords.set_password(session, person.id, None)
    _tell_way_in(session, person, letters.LOCKED, INVITATION_LIFE)


def shortest_for(person: int) -> int:
    """Return how many characters a password of `person` needs at least."""
    if second_factor.active(person):
        return passwords.SHORTEST_WITH_FACTOR
    return settings().password_min


def has_password(person: int) -> bool:
    """Tell whether `person` has set a password."""
    credential = db.session.get(Credential, person)
    return credential is not None and credential.password_hash is not None


def _tell_way_in(session: Session, person: Person, kind: Wording, life: timedelta) -> None:
    """Write a letter with a link for a new password; a blocked person gets none."""
    block = suspensions.in_force(person.id, session)
    if block is not None:
        letters.tell(session, letters.STILL_BLOCKED, person, suspensions.told(block))
        return
    token = tokens.issue(session, RESET, life, person=person.id)
    letters.tell(session, kind, person, {"token": token})


def _changed(session: Session, person: Person, kept: str) -> None:
    passwords.set_password(session, person.id, kept)
    tokens.revoke(session, person.id)
    letters.tell(session, letters.PASSWORD_CHANGED, person)
