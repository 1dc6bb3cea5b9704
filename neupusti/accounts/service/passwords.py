"""Passwords: what is accepted, how they are kept, how one is checked.

Argon2id by the numbers of ASVS 5.0 V11.4.2: 19 MiB, two passes, one lane. Hashing is done
by so many threads at once as the memory is meant for, whoever asks.
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
SHORTEST_WITH_FACTOR = 8
LONGEST = 256
AT_ONCE = 4
"""Hashes made at once by one process: 76 MiB at most, however many sign in."""
PATIENCE_SECONDS = 15
HASHER = PasswordHasher(
    time_cost=PASSES, memory_cost=MIBIBYTES * 1024, parallelism=LANES, type=Type.ID
)


class BusyError(DomainError):
    """More people sign in at this moment than the machine can check."""

    status = 503
    retry_after = timedelta(seconds=5)


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")


# A worker is a fork, and threads do not survive one: those the first process hashed with
# are not in it, and whoever waited for one of them would wait in vain.
os.register_at_fork(after_in_child=_threads.cache_clear)


@lru_cache(maxsize=1)
def _dummy_hash() -> str:
    """Return a hash that no password matches: checking it takes as long as any."""
    return HASHER.hash("\x00")


def hashed(password: str) -> str:
    """Return how `password` is kept."""
    return _in_turn(lambda: HASHER.hash(composed(password)))


def matches(kept: str | None, password: str) -> bool:
    """Tell whether `password` is the one that is kept; None takes as long (V6.3.8)."""
    against = kept or _dummy_hash()
    right = _in_turn(lambda: _verify(against, password))
    return right and kept is not None


def outdated(kept: str) -> bool:
    """Tell whether a hash was made by other numbers than today's."""
    return HASHER.check_needs_rehash(kept)


def check(password: str, about: Iterable[str], *, shortest: int) -> None:
    """Raise Fault where `password` may not be chosen by a person described by `about`.

    Any characters in any script, no rule of composition; code points in NFC are counted.
    """
    text = composed(password)
    if any(unicodedata.category(c) == "Cc" or c == REPLACEMENT for c in text):
        raise AccountError("password", _("Remove the invisible or damaged characters."))
    if len(text) < shortest:
        raise AccountError(
            "password",
            _("Use at least %(count)s characters.", count=shortest),
        )
    if len(text) > LONGEST:
        raise AccountError(
            "password", _("Use at most %(count)s characters.", count=LONGEST)
        )
    if too_common(text, about):
        raise AccountError(
            "password",
            _("This is among the first that are guessed. Take a few unrelated words."),
        )


def set_password(session: Session, person: int, kept: str | None) -> None:
    """Store a hash made by `hashed`, or take the password back with None."""
    credential = session.get(Credential, person)
    if credential is None:
        credential = Credential(person=person)
        session.add(credential)
    credential.password_hash, credential.changed_at = kept, clock.now()
    session.flush()


def _verify(kept: str, password: str) -> bool:
    if (
        len(password) > 4 * LONGEST
    ):  # nobody's: and hashing it would be their work, not ours
        password = ""
    try:
        return HASHER.verify(kept, composed(password))
    except (VerificationError, InvalidHashError):
        return False


def _in_turn(work: Callable[[], T]) -> T:
    try:
        return _threads().submit(work).result(PATIENCE_SECONDS)
    except TooLongError:
        raise BusyError(_("Many people are signing in right now. Try again.")) from None
