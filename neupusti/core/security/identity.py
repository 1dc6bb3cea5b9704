"""Who is signed in: one immutable fact of a request, read from the accounts room.

The ground floor knows no accounts; it knows that somebody may be signed in, as whom, and
how sure the site is of it. Every room asks here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import Flask, current_app, has_request_context, request

from neupusti.core import clock

READER = "neupusti.identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The person of this request, and the session that says so."""

    person: int
    session: int
    """The number of the server's row: ending it signs this browser out."""
    name: str
    """What the frame calls the person."""
    second_factor: bool
    """Whether this session passed a second factor."""
    has_second_factor: bool
    """Whether the person has set one up at all."""
    recently_authenticated_until: datetime | None = None
    """Until when the password need not be asked for again (V7.5.1)."""

    @property
    def recently_authenticated(self) -> bool:
        """Whether the person proved a short while ago who they are."""
        return (
            self.recently_authenticated_until is not None
            and clock.now() < self.recently_authenticated_until
        )


Reader = Callable[[], Identity | None]
"""Reads the session of this request; asked more than once, it keeps its answer."""


def install(app: Flask, reader: Reader) -> None:
    """Let `reader` say who is signed in."""
    app.extensions[READER] = reader


def current() -> Identity | None:
    """Return who is signed in, or None: nobody is, or there is no request."""
    if not has_request_context():
        return None
    return cast("Reader", current_app.extensions.get(READER, _nobody))()


def me() -> Identity:
    """Return who is signed in, on a route whose rule demands a sign-in."""
    found = current()
    if found is None:
        raise RuntimeError(f"{request.endpoint} is open to those who are not signed in")
    return found


def _nobody() -> None:
    return None
