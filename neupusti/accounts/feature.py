"""The manifest of the accounts room."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, select

from neupusti.core.evidence import ConsentEvidence
from neupusti.core.feature import Feature, Holding, Retention
from neupusti.core.journal import ProcessingEvent, SecurityEvent, StaffAction
from neupusti.core.mail.models import Letter
from neupusti.core.throttle import ThrottleCount
from neupusti.core.tokens import Token

LETTER_DAYS = 30
"""A letter is kept so long after it was sent, refused or put aside."""
SECURITY_DAYS = 365
THROTTLE_DAYS = 3

ABOUT_PEOPLE = (
    *(Letter, Token, SecurityEvent),
    *(ProcessingEvent, StaffAction, ConsentEvidence),
)


def _about(model: type[Any]) -> Callable[[int], Select[Any]]:
    return lambda person: select(model).filter_by(person=person)


FEATURE = Feature(
    name="accounts",
    clauses=("1.1.3",),
    # The ground floor declares nothing: what it keeps about people is told here.
    holdings=tuple(Holding(model=model, of=_about(model)) for model in ABOUT_PEOPLE),
    retention=(
        Retention(model=Letter, since=Letter.done_at, days=LETTER_DAYS),
        Retention(model=Token, since=Token.expires_at, days=0),
        Retention(model=SecurityEvent, since=SecurityEvent.at, days=SECURITY_DAYS),
        Retention(model=ThrottleCount, since=ThrottleCount.touched_at, days=THROTTLE_DAYS),
    ),
)
