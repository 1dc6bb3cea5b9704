"""The second step: codes of an app (TOTP, RFC 6238) and recovery codes.

The secret of an app is made of the site's own secret and a random number in the row, so
the database alone makes no codes. No code works twice, however it is spelled.
"""

import base64
import hmac
import secrets
import unicodedata
from datetime import datetime

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person, RecoveryCode, SecondFactor, SignIn
from neupusti.accounts.service import emails, key_rotation, limits, sessions
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.core import clock
from neupusti.core.data import keys
from neupusti.core.data.database import db, writing
from neupusti.core.records import journal
from neupusti.core.records.journal import SecurityEvent
from neupusti.core.security import throttle

STEP_SECONDS = 30
SECRET_BYTES = 20
CODES = 10
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's: what looks alike is read alike."""
ALIKE = str.maketrans("oil", "011")
CODE_CHARACTERS, GROUP = 12, 4
OFF = (SecurityEventKind.FACTOR_OFF.value, SecurityEventKind.FACTOR_RESET.value)


def secret(row: SecondFactor) -> str:
    """Return the secret of an app in base 32, as it is typed or photographed."""
    return base64.b32encode(key_rotation.value(row)[:SECRET_BYTES]).decode()


def address(row: SecondFactor, person: Person) -> str:
    """Return the `otpauth:` address that the picture shows."""
    return pyotp.TOTP(secret(row)).provisioning_uri(
        name=person.email, issuer_name="Neupusti"
    )


def active(person: int) -> bool:
    """Tell whether `person` signs in with a second step."""
    row = db.session.get(SecondFactor, person)
    return row is not None and row.confirmed_at is not None


def lost(person: int) -> bool:
    """Tell whether the factor of `person` was made with a secret that nobody has now."""
    row = db.session.get(SecondFactor, person)
    return row is not None and not key_rotation.readable(row)


def proposed(person: int, sign_in: int) -> SecondFactor:
    """Return the row an app can be set up with in this sign-in; nothing is stored yet.

    It stays the same until it is confirmed, and is another after each switching off.
    """
    offs = select(func.count()).where(
        SecurityEvent.person == person, SecurityEvent.kind.in_(OFF)
    )
    # Numbers of sign-ins come again; together with their beginning they do not.
    begun = db.session.get_one(SignIn, sign_in).created_at.isoformat()
    seed = f"{person} {sign_in} {begun} {db.session.scalar(offs)}"
    return SecondFactor(
        person=person,
        nonce=keys.keyed("second factor proposed", seed),
        made_with=keys.name(),
        created_at=clock.now(),
        last_step=0,
    )


def enrol(session: Session, person: int) -> str:
    """Switch the second step on for `person` at once; return the secret for the app."""
    now = clock.now()
    row = SecondFactor(
        person=person,
        nonce=secrets.token_hex(32),
        made_with=keys.name(),
        created_at=now,
        confirmed_at=now,
        last_step=0,
    )
    row = session.merge(row)
    session.flush()
    return secret(row)


def confirm(person: int, sign_in: int, code: str, device: str) -> str | None:
    """Switch the second step on if the app's `code` is right, and make recovery codes.

    Return the new key of the sign-in, or None where the code is wrong. Raise TooManyError.
    """
    row = proposed(person, sign_in)
    _count(person)
    with writing() as session:
        # Of two that come at once the later finds it done.
        owner = session.get_one(Person, person, with_for_update=True)
        step = _step(row, code, clock.now())
        if step is None or session.get(SecondFactor, person) is not None:
            return None
        row.confirmed_at, row.last_step = clock.now(), step
        session.add(row)
        make_codes(session, person)
        _passed(session, person)
        journal.log_security_event(session, person, SecurityEventKind.FACTOR_ON, device)
        emails.tell(session, emails.FACTOR_ON, owner)
        return sessions.renew(session, session.get_one(SignIn, sign_in), factor=True)


def switch_off(person: int, device: str) -> None:
    """Switch the second step off and destroy the codes."""
    with writing() as session:
        take_away(session, person, SecurityEventKind.FACTOR_OFF, device)
        emails.tell(session, emails.FACTOR_OFF, session.get_one(Person, person))


def take_away(session: Session, person: int, event: SecurityEventKind, device: str) -> bool:
    """Destroy the factor and the codes of `person`; tell whether there was a factor."""
    for model in (RecoveryCode, SecondFactor):
        gone = session.execute(delete(model).where(model.person == person))
    journal.log_security_event(session, person, event, device)
    return gone.rowcount > 0  # type: ignore[attr-defined,no-any-return]


def make_codes(session: Session, person: int) -> None:
    """Replace the recovery codes of `person`, in the open write transaction."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.person == person))
    nonces = (secrets.token_hex(32) for _ in range(CODES))
    session.add_all(
        RecoveryCode(person=person, nonce=nonce, made_with=keys.name()) for nonce in nonces
    )
    session.flush()


def codes(person: int) -> list[str]:
    """Return the recovery codes of `person` that were not used, in groups of four."""
    whole = [
        _code(row) for row in _unused(db.session(), person) if key_rotation.readable(row)
    ]
    return ["-".join(c[i : i + GROUP] for i in range(0, len(c), GROUP)) for c in whole]


def new_codes(person: int, device: str) -> None:
    """Replace the recovery codes of `person`: the old ones open nothing any more."""
    with writing() as session:
        make_codes(session, person)
        journal.log_security_event(session, person, SecurityEventKind.CODES_MADE, device)


def passes(person: int, code: str, device: str) -> bool:
    """Tell whether `code` proves the second step, and use it up; raise TooManyError."""
    _count(person)
    with writing() as session:
        row = session.get(SecondFactor, person)
        now = clock.now()
        if row is not None and _right(session, row, code, now):
            key_rotation.rotate(session, person)
            return _passed(session, person)
        if _spend(session, person, code, now):
            journal.log_security_event(
                session, person, SecurityEventKind.CODE_SPENT, device
            )
            emails.tell(session, emails.CODE_SPENT, session.get_one(Person, person))
            return _passed(session, person)
        journal.log_security_event(session, person, SecurityEventKind.CODE_REFUSED, device)
    return False


def _count(person: int) -> None:
    throttle.take(*((rule, str(person)) for rule in limits.CODE_RULES))


def _passed(session: Session, person: int) -> bool:
    throttle.forget(session, *((rule, str(person)) for rule in limits.CODE_RULES))
    return True


def _plain(code: str) -> str:
    """Return what a code says, however it is spaced, cased or composed (TOB-PYPI26-9)."""
    folded = unicodedata.normalize("NFKC", code).casefold()
    return "".join(filter(str.isalnum, folded))


def _step(row: SecondFactor, code: str, now: datetime) -> int | None:
    """Return the half minute whose code it is; a phone's clock may be one off."""
    digits = _plain(code)
    if not (digits.isascii() and digits.isdigit() and key_rotation.readable(row)):
        return None
    totp = pyotp.TOTP(secret(row))
    this = int(now.timestamp()) // STEP_SECONDS
    for step in (this - 1, this, this + 1):
        if hmac.compare_digest(totp.at(step * STEP_SECONDS), digits):
            return step
    return None


def _right(session: Session, row: SecondFactor, code: str, now: datetime) -> bool:
    step = _step(row, code, now)
    if step is None:
        return False
    newer = update(SecondFactor).where(
        SecondFactor.person == row.person, SecondFactor.last_step < step
    )
    # Of two that come at once one is late: the row is the judge.
    used = session.execute(newer.values(last_step=step))
    return used.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def _spend(session: Session, person: int, code: str, now: datetime) -> bool:
    said = _plain(code).translate(ALIKE)
    for row in filter(key_rotation.readable, _unused(session, person)):
        if hmac.compare_digest(_code(row).encode(), said.encode()):
            unused = update(RecoveryCode).where(
                RecoveryCode.id == row.id, RecoveryCode.used_at.is_(None)
            )
            used = session.execute(unused.values(used_at=now))
            return used.rowcount == 1  # type: ignore[attr-defined,no-any-return]
    return False


def _unused(session: Session, person: int) -> list[RecoveryCode]:
    rows = select(RecoveryCode).where(
        RecoveryCode.person == person, RecoveryCode.used_at.is_(None)
    )
    return list(session.scalars(rows.order_by(RecoveryCode.id)))


def _code(row: RecoveryCode) -> str:
    value = key_rotation.value(row)[:CODE_CHARACTERS]
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in value)
