"""The visitor's cookie choice: one immutable value per request, set by middleware (3.3.1).

The consent feature sets it; every feature, the layout and the page cache read it here.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flask import has_request_context, request

from neupusti.core import clock
from neupusti.core.feature import Category
from neupusti.core.web.redirects import with_query

KEY = "neupusti.choice"
MARKER = "cookies"
"""The query parameter of the page after a choice: `notice-time`, in Unix seconds."""
MARKER_SECONDS = 300
"""How long the marker is valid; later it is ignored, as in a link that somebody shared."""

NECESSARY = frozenset({Category.NECESSARY})


class ChoiceState(StrEnum):
    """Whether there is a choice, and where it comes from."""

    UNDECIDED = "undecided"
    SIGNAL = "signal"
    DECIDED = "decided"


class AskAgain(StrEnum):
    """Why a visitor who chose before is asked again."""

    EXPIRED = "expired"
    CHANGED = "changed"
    SIGNAL = "signal"
    """The browser sends `Sec-GPC: 1`, and did not when consent was given."""


class Notice(StrEnum):
    """The message of the page right after a choice, shown once."""

    SAVED = "saved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"
    COOKIES_OFF = "cookies off"


MADE = frozenset(Notice) - {Notice.COOKIES_OFF}
"""The notices that a marker may name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What one visitor decided. `granted` always holds the necessary category."""

    state: ChoiceState
    granted: frozenset[Category] = NECESSARY
    at: datetime | None = None
    record: str | None = None
    """The public id of its consent record."""
    again: AskAgain | None = None
    reachable: bool = True
    """False: the consent records cannot be read, so nothing optional is granted."""
    withdrawn: frozenset[Category] = frozenset()
    """What this request withdraws."""
    erase: bool = False
    """Whether this request withdraws everything the site stored in the browser."""

    def allows(self, category: Category) -> bool:
        """Return whether cookies of `category` may be set, read or counted."""
        return category in self.granted

    @property
    def optional(self) -> frozenset[Category]:
        """The granted categories that need consent."""
        return self.granted - NECESSARY


UNDECIDED = Choice(state=ChoiceState.UNDECIDED)
SIGNAL = Choice(state=ChoiceState.SIGNAL)
"""`Sec-GPC: 1` and no stored choice: refused without asking. A stored choice that was given
without the signal has this state too, with `AskAgain.SIGNAL`."""


def current() -> Choice:
    """Return the choice of this request; outside a request nothing optional is granted."""
    if not has_request_context():
        return UNDECIDED
    found: Choice = request.environ.get(KEY, UNDECIDED)
    return found


def notice() -> Notice | None:
    """Return the notice about a choice just made, or None.

    Only for the visit that follows our own form: a copied link tells a reader nothing.
    """
    if MARKER not in request.environ.get("QUERY_STRING", ""):
        return None
    name, _, made = request.args.get(MARKER, "").rpartition("-")
    age = clock.now().timestamp() - int(made) if made.isdecimal() else -1
    if name not in MADE or not 0 <= age <= MARKER_SECONDS or not _comes_from_here():
        return None
    chosen = current()
    if chosen.state is ChoiceState.UNDECIDED:
        return Notice.COOKIES_OFF
    if chosen.state is ChoiceState.SIGNAL:
        return None
    return Notice.SAVED if chosen.optional else Notice(name)


def marked(address: str, made: Notice) -> str:
    """Return `address` with the marker of a choice made now."""
    return with_query(address, MARKER, f"{made}-{int(clock.now().timestamp())}")


def _comes_from_here() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return (request.referrer or "").startswith(request.host_url)
