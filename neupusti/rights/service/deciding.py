"""What staff find of a request to correct: value by value, and the outcome of the whole."""

from collections.abc import Mapping

from flask_babel import LazyString
from sqlalchemy.orm import Session

from neupusti.core.data.finding import Whose
from neupusti.core.records.journal import Actor
from neupusti.rights.models import (
    Correction,
    DataRequest,
    Decision,
    Outcome,
    RequestKind,
)
from neupusti.rights.service import correcting
from neupusti.rights.service.correcting import Value, Verdict
from neupusti.rights.service.errors import NOT_PARTLY, RightsError
from neupusti.rights.service.words import DECISIONS, FIELDS

WHOLE = {Outcome.CORRECTED: Decision.RIGHT}
"""What an outcome says of every value; all others but `PARTLY` leave them."""
Verdicts = Mapping[int, Verdict]
"""The number of a correction -> what was found."""


def decide(  # noqa: PLR0913, PLR0917 - an answer is all of these
    session: Session,
    request: DataRequest,
    actor: Actor,
    outcome: Outcome,
    verdicts: Verdicts,
    reason: str,
) -> None:
    """Decide every open value of a request. Raise RightsError."""
    found = correcting.undecided(session, request.id)
    decided = [(one, _verdict(one, outcome, verdicts)) for one in found]
    for one, verdict in decided:
        correcting.lift(session, one, verdict.decision, actor)
    for one, verdict in decided:
        correcting.decide(session, one, verdict, actor, reason)
    if outcome is Outcome.PARTLY and not _is_partly(found):
        raise RightsError(NOT_PARTLY)


def _verdict(one: Correction, outcome: Outcome, verdicts: Verdicts) -> Verdict:
    """Return what was found of one value; raise RightsError where it cannot be set."""
    verdict = Verdict(WHOLE.get(outcome, Decision.WRONG))
    if outcome is Outcome.PARTLY:
        verdict = verdicts.get(one.id, verdict)
    if verdict.decision is Decision.PARTLY:
        return Verdict(Decision.PARTLY, correcting.parsed(one.field, verdict.value))
    return verdict


def _is_partly(found: list[Correction]) -> bool:
    """Return whether something was set, and something not as it was asked.

    What a request says in words only, staff have corrected in part by other means.
    """
    made = {one.decision for one in found}
    return not made or made not in ({Decision.RIGHT.value}, {Decision.WRONG.value})


def told(request: int) -> list[tuple[LazyString, LazyString]]:
    """Return each decided value of a request and what became of it, in words."""
    rows = correcting.of_request(request)
    return [(FIELDS[one.field], DECISIONS[one.decision]) for one in rows if one.decision]


def namable(request: DataRequest) -> list[Value]:
    """Return the values that words of a request may mean; none where nobody proved it."""
    is_open = request.kind == RequestKind.CORRECT.value and request.closed_at is None
    if not is_open or not request.assurance:
        return []
    return list(correcting.values(whose(request)))


def whose(request: DataRequest) -> Whose:
    """Return whose rows a request was proved to be about."""
    person = request.person if request.assurance > 1 else None
    return Whose(person=person, email_key=request.email_key)
