"""The visitor's cookie choice: one immutable value per request, set by middleware (3.3.1).

The consent feature sets it; every feature, the layout and the page cache read it here.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flask import has_request_context, request

from neupusti.core import clock
from neupusti.core.feature import Category

KEY = "neupusti.choice"
MARKER = "cookies"
"""The query parameter of the page after a choice: when it was made, in Unix seconds."""
MARKER_SECONDS = 300
"""How long the marker is valid: later it is ignored, as in a shared link."""

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
    COOKIES_OFF = "cookies off"


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
    """Return the notice about a choice just made, or None."""
    if MARKER not in request.environ.get("QUERY_STRING", ""):
        return None
    made = request.args.get(MARKER, "")
    age = clock.now().timestamp() - int(made) if made.isdecimal() else -1
    if not 0 <= age <= MARKER_SECONDS:
        return None
    state = current().state
    if state is ChoiceState.UNDECIDED:
        return Notice.COOKIES_OFF
    return Notice.SAVED if state is ChoiceState.DECIDED else None
