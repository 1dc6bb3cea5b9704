"""Accept, hash and verify passwords.

Argon2id with the parameters of ASVS 5.0 V11.4.2: 19 MiB, two passes, one lane. A thread
pool of fixed size bounds the memory that hashing takes.
"""

import os
import unicodedata
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLongError
from datetime import timedelta
from functools import lru_cache
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from neupusti.accounts.models import Credential
from neupusti.accounts.service.errors import AccountError
from neupusti.accounts.service.password_strength import too_common
from neupusti.core import clock
from neupusti.core.text.characters import REPLACEMENT, composed
from neupusti.core.web.errors import DomainError

T = TypeVar("T")
MIBIBYTES, PASSES, LANES = 19, 2, 1
MIN_LENGTH_WITH_SECOND_FACTOR = 8
MAX_LENGTH = 256
HASHING_THREADS = 4
"""Concurrent hashes of one process: at most 76 MiB."""
HASHING_TIMEOUT_SECONDS = 15
HASHER = PasswordHasher(
    time_cost=PASSES, memory_cost=MIBIBYTES * 1024, parallelism=LANES, type=Type.ID
)


class BusyError(DomainError):
    """More concurrent sign-ins than the machine can hash."""

    status = 503
    retry_after = timedelta(seconds=5)


@lru_cache(maxsize=1)
def _thread_pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(HASHING_THREADS, thread_name_prefix="argon2")


# Threads do not survive a fork: a worker that inherited the pool would wait forever.
os.register_at_fork(after_in_child=_thread_pool.cache_clear)


@lru_cache(maxsize=1)
def _dummy_hash() -> str:
    """Return a hash that no password matches, to equalise the response time."""
    return HASHER.hash("\x00")


def hashed(password: str) -> str:
    """Return the hash of `password`."""
    return _run_in_pool(lambda: HASHER.hash(composed(password)))


def matches(password_hash: str | None, password: str) -> bool:
    """Return whether `password` matches the hash; None takes as long (V6.3.8)."""
    against = password_hash or _dummy_hash()
    verified = _run_in_pool(lambda: _verify(against, password))
    return verified and password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Return whether a hash has outdated Argon2 parameters."""
    return HASHER.check_needs_rehash(password_hash)


def check(password: str, about: Iterable[str], *, min_length: int) -> None:
    """Raise AccountError where a person described by `about` may not choose `password`.

    Any script is accepted, no composition rules; the length is in NFC code points.
    """
    text = composed(password)
    if any(unicodedata.category(c) == "Cc" or c == REPLACEMENT for c in text):
        raise AccountError("password", _("Remove the invisible or damaged characters."))
    if len(text) < min_length:
        raise AccountError(
            "password",
            _("Use at least %(count)s characters.", count=min_length),
        )
    if len(text) > MAX_LENGTH:
        raise AccountError(
            "password", _("Use at most %(count)s characters.", count=MAX_LENGTH)
        )
    if too_common(text, about):
        raise AccountError(
            "password",
            _(
                "This is one of the first passwords to be guessed. Take a few unrelated "
                "words."
            ),
        )


def set_password(session: Session, person: int, password_hash: str | None) -> None:
    """Store a hash made by `hashed`; None revokes the password."""
    credential = session.get(Credential, person)
    if credential is None:
        credential = Credential(person=person)
        session.add(credential)
    credential.password_hash, credential.changed_at = password_hash, clock.now()
    session.flush()


def _verify(password_hash: str, password: str) -> bool:
    if len(password) > 4 * MAX_LENGTH:  # too long to be valid: do not hash it
        password = ""
    try:
        return HASHER.verify(password_hash, composed(password))
    except (VerificationError, InvalidHashError):
        return False


def _run_in_pool(work: Callable[[], T]) -> T:
    try:
        return _thread_pool().submit(work).result(HASHING_TIMEOUT_SECONDS)
    except TooLongError:
        raise BusyError(_("Many people are signing in right now. Try again.")) from None
