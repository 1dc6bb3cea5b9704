"""Two-step verification: TOTP (RFC 6238) and recovery codes.

The secret of an app is derived from the secret of the site and a nonce in the row, so the
database alone yields no codes. Each code works once, in any notation.
"""

import base64
import hmac
import secrets
import unicodedata
from datetime import datetime

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person, RecoveryCode, SecondFactor
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
"""Crockford base 32."""
LOOKALIKES = str.maketrans("oil", "011")
CODE_CHARACTERS, GROUP = 12, 4
OFF_EVENTS = (
    SecurityEventKind.SECOND_FACTOR_OFF.value,
    SecurityEventKind.SECOND_FACTOR_RESET.value,
)


def secret(row: SecondFactor) -> str:
    """Return the secret of an app in base 32."""
    return base64.b32encode(key_rotation.derived_key(row)[:SECRET_BYTES]).decode()


def provisioning_uri(row: SecondFactor, person: Person) -> str:
    """Return the `otpauth:` URI of the QR code."""
    return pyotp.TOTP(secret(row)).provisioning_uri(
        name=person.email, issuer_name="Neupusti"
    )


def active(person: int) -> bool:
    """Return whether `person` has a confirmed second factor."""
    row = db.session.get(SecondFactor, person)
    return row is not None and row.confirmed_at is not None


def is_unreadable(person: int) -> bool:
    """Return whether the second factor of `person` is derived from an unknown secret."""
    row = db.session.get(SecondFactor, person)
    return row is not None and not key_rotation.is_readable(row)


def candidate(person: int, sign_in: int) -> SecondFactor:
    """Return the row an app can be set up with in this session, not stored yet.

    It is the same until it is confirmed, and different after each removal.
    """
    removals = select(func.count()).where(
        SecurityEvent.person == person, SecurityEvent.kind.in_(OFF_EVENTS)
    )
    name = sessions.unique_name(sign_in)
    seed = f"{person} {name} {db.session.scalar(removals)}"
    return SecondFactor(
        person=person,
        nonce=keys.keyed("second factor proposed", seed),
        made_with=keys.name(),
        created_at=clock.now(),
        last_step=0,
    )


def enrol(session: Session, person: int) -> str:
    """Set up a confirmed second factor for `person`; return the secret for the app."""
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
    """Switch the second factor on if `code` is right, and create recovery codes.

    Every other session ends: it has proved no code, and would open the recovery codes.
    Return the new session key, or None for a wrong code. Raise AccountError, TooManyError.
    """
    row = candidate(person, sign_in)
    who = sessions.unique_name(sign_in)
    _count_attempt(who)
    with writing() as session:
        # Locked: the second of two concurrent requests finds the row of the first.
        owner = session.get_one(Person, person, with_for_update=True)
        renewed = sessions.of(session, sign_in, person)
        step = _matching_step(row, code, clock.now())
        if step is None or session.get(SecondFactor, person) is not None:
            return None
        row.confirmed_at, row.last_step = clock.now(), step
        session.add(row)
        make_codes(session, person)
        sessions.end_all(session, person, but=sign_in)
        reset_limits(session, who)
        journal.log_security_event(
            session, person, SecurityEventKind.SECOND_FACTOR_ON, device
        )
        link = emails.way_back(session, person, sessions.began(session, renewed))
        emails.send(session, emails.SECOND_FACTOR_ON, owner, link)
        return sessions.renew(renewed, second_factor=True)


def make_codes(session: Session, person: int) -> None:
    """Replace the recovery codes of `person`, in the open write transaction."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.person == person))
    nonces = (secrets.token_hex(32) for _ in range(CODES))
    session.add_all(
        RecoveryCode(person=person, nonce=nonce, made_with=keys.name()) for nonce in nonces
    )
    session.flush()


def codes(person: int) -> list[str]:
    """Return the unused recovery codes of `person`, in groups of four."""
    whole = [
        _recovery_code(row)
        for row in _unused(db.session(), person)
        if key_rotation.is_readable(row)
    ]
    return ["-".join(c[i : i + GROUP] for i in range(0, len(c), GROUP)) for c in whole]


def new_codes(person: int, sign_in: int, device: str) -> None:
    """Replace the recovery codes of `person`, and e-mail it; the old ones are invalid.

    Raise AccountError where session `sign_in` has ended.
    """
    with writing() as session:
        # Locked: the second of two concurrent requests replaces the codes of the first.
        owner = session.get_one(Person, person, with_for_update=True)
        row = sessions.of(session, sign_in, person)
        make_codes(session, person)
        journal.log_security_event(
            session, person, SecurityEventKind.RECOVERY_CODES_CREATED, device
        )
        link = emails.way_back(session, person, sessions.began(session, row))
        emails.send(session, emails.RECOVERY_CODES_MADE, owner, link)


def verify(person: int, code: str, device: str, who: str) -> bool:
    """Return whether `code` is right, and use it up; raise TooManyError.

    Attempts count under the name `who`.
    """
    _count_attempt(who)
    with writing() as session:
        row = session.get(SecondFactor, person)
        now = clock.now()
        if row is not None and _use_totp(session, row, code, now):
            key_rotation.rotate(session, person)
            return reset_limits(session, who)
        if _use_recovery_code(session, person, code, now):
            journal.log_security_event(
                session, person, SecurityEventKind.RECOVERY_CODE_USED, device
            )
            link, owner = (
                emails.way_back(session, person, now),
                session.get_one(Person, person),
            )
            emails.send(session, emails.RECOVERY_CODE_USED, owner, link)
            return reset_limits(session, who)
        journal.log_security_event(session, person, SecurityEventKind.CODE_REFUSED, device)
    return False


def reset_limits(session: Session, who: str) -> bool:
    """Forget the attempts under the name `who`; return True."""
    throttle.reset(session, *((rule, who) for rule in limits.CODE_LIMITS))
    return True


def _count_attempt(who: str) -> None:
    throttle.take(*((rule, who) for rule in limits.CODE_LIMITS))


def _normalized(code: str) -> str:
    """Return a code without differences of spacing, case or composition (TOB-PYPI26-9)."""
    folded = unicodedata.normalize("NFKC", code).casefold()
    return "".join(filter(str.isalnum, folded))


def _matching_step(row: SecondFactor, code: str, now: datetime) -> int | None:
    """Return the 30-second step of `code`, or None; the clock may be one step off."""
    digits = _normalized(code)
    if not (digits.isascii() and digits.isdigit() and key_rotation.is_readable(row)):
        return None
    totp = pyotp.TOTP(secret(row))
    current = int(now.timestamp()) // STEP_SECONDS
    for step in (current - 1, current, current + 1):
        if hmac.compare_digest(totp.at(step * STEP_SECONDS), digits):
            return step
    return None


def _use_totp(session: Session, row: SecondFactor, code: str, now: datetime) -> bool:
    step = _matching_step(row, code, now)
    if step is None:
        return False
    newer = update(SecondFactor).where(
        SecondFactor.person == row.person, SecondFactor.last_step < step
    )
    # The conditional update lets only one of two concurrent requests succeed.
    used = session.execute(newer.values(last_step=step))
    return used.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def _use_recovery_code(session: Session, person: int, code: str, now: datetime) -> bool:
    normalized = _normalized(code).translate(LOOKALIKES)
    for row in filter(key_rotation.is_readable, _unused(session, person)):
        if hmac.compare_digest(_recovery_code(row).encode(), normalized.encode()):
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


def _recovery_code(row: RecoveryCode) -> str:
    key = key_rotation.derived_key(row)[:CODE_CHARACTERS]
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in key)
