"""The signed-in person: one immutable value per request, supplied by accounts.

Core knows no accounts; it only knows that somebody may be signed in, as whom, and with
which proofs. Every feature reads it here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import Flask, current_app, has_request_context, request

from neupusti.core import clock

READER, PASS_READER = "neupusti.identity", "neupusti.identity.pass"
ENDER = "neupusti.identity.end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The signed-in person and their session."""

    person: int
    session: int
    """The number of the session's row: ending it signs this browser out."""
    name: str
    """The name shown in the layout."""
    second_factor: bool
    """Whether this session passed a second factor."""
    has_second_factor: bool
    """Whether the person has set up a second factor."""
    recently_authenticated_until: datetime | None = None
    """Until when the password is not asked for again (V7.5.1)."""

    @property
    def recently_authenticated(self) -> bool:
        """Whether the password was checked recently."""
        return (
            self.recently_authenticated_until is not None
            and clock.now() < self.recently_authenticated_until
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """Somebody who proved an e-mail address for a short time, without signing in."""

    email: str
    email_key: str
    asked_at: datetime
    """When the link was asked for."""


Reader = Callable[[], Identity | None]
"""Reads the session of this request, and caches the result."""
PassReader = Callable[[], Pass | None]


Ender = Callable[[], None]
"""Ends every session on the server that a cookie of this request opens."""


def install(app: Flask, reader: Reader, end: Ender) -> None:
    """Register `reader` as the source of identities, and `end` to sign out."""
    app.extensions |= {READER: reader, ENDER: end}


def install_pass(app: Flask, reader: PassReader) -> None:
    """Register `reader` as the source of passes."""
    app.extensions[PASS_READER] = reader


def current_pass() -> Pass | None:
    """Return the pass of this browser, or None."""
    return cast("PassReader", current_app.extensions.get(PASS_READER, _anonymous))()


def current() -> Identity | None:
    """Return who is signed in, or None; None outside a request."""
    if not has_request_context():
        return None
    return cast("Reader", current_app.extensions.get(READER, _anonymous))()


def me() -> Identity:
    """Return who is signed in, on a route whose rule requires a sign-in."""
    found = current()
    if found is None:
        raise RuntimeError(f"{request.endpoint} is open to those who are not signed in")
    return found


def end_session() -> None:
    """End the sessions of this browser on the server; copied cookies open nothing."""
    cast("Ender", current_app.extensions.get(ENDER, _anonymous))()


def _anonymous() -> None:
    return None
