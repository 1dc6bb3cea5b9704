"""What this visitor allows: one immutable fact of a request, set at the edge (3.3.1).

The consent room decides it; every room, the frame and the page store read it here.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flask import has_request_context, request

from neupusti.core import clock
from neupusti.core.feature import Category

KEY = "neupusti.choice"
MARKER = "cookies"
"""The query parameter that a choice leaves on the next page: the second it was made."""
FRESH_SECONDS = 300
"""How long such a marker means anything: a link passed on later says nothing."""

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


class Notice(StrEnum):
    """What the page right after a choice says, once."""

    SAVED = "saved"
    COOKIES_OFF = "cookies off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What one visitor decided. `granted` always holds the necessary category."""

    state: ChoiceState
    granted: frozenset[Category] = NECESSARY
    at: datetime | None = None
    record: str | None = None
    """The public id of the record that proves it."""
    again: AskAgain | None = None
    reachable: bool = True
    """False: the store of choices does not answer, so nothing optional is granted."""
    withdrawn: frozenset[Category] = frozenset()
    """What this very request takes back."""
    erase: bool = False
    """Whether this very request takes back everything the site stored here."""

    def allows(self, category: Category) -> bool:
        """Tell whether cookies of `category` may be set, read or counted."""
        return category in self.granted

    @property
    def optional(self) -> frozenset[Category]:
        """The granted categories that had to be asked for."""
        return self.granted - NECESSARY


UNDECIDED = Choice(state=ChoiceState.UNDECIDED)
SIGNAL = Choice(state=ChoiceState.SIGNAL)
"""`Sec-GPC: 1` and no stored choice: refused, without being asked."""


def current() -> Choice:
    """Return the choice of this request; outside of one nothing optional is granted."""
    if not has_request_context():
        return UNDECIDED
    found: Choice = request.environ.get(KEY, UNDECIDED)
    return found


def notice() -> Notice | None:
    """Return what the page of this request says about a choice just made, if anything."""
    if MARKER not in request.environ.get("QUERY_STRING", ""):
        return None
    made = request.args.get(MARKER, "")
    age = clock.now().timestamp() - int(made) if made.isdecimal() else -1
    if not 0 <= age <= FRESH_SECONDS:
        return None
    state = current().state
    if state is ChoiceState.UNDECIDED:
        return Notice.COOKIES_OFF
    return Notice.SAVED if state is ChoiceState.DECIDED else None
