"""What staff do with requests: enter them, take them, answer, tell recipients."""

from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.records.journal import (
    Actor,
    ActorKind,
    Operation,
    StaffActionType,
    log_staff_action,
)
from neupusti.core.text import emails
from neupusti.core.text.languages import Language
from neupusti.rights.models import (
    GROUNDS,
    OUTCOMES,
    Channel,
    DataRequest,
    Outcome,
    RecipientNotice,
    RequestKind,
    Step,
)
from neupusti.rights.service import correcting, letters, requests
from neupusti.rights.service.errors import (
    CLOSED,
    NO_PERSON,
    OWN,
    TAKE_IT,
    WRONG_OUTCOME,
    NoRequestError,
    RightsError,
)
from neupusti.rights.service.signals import request_answered, request_entered
from neupusti.rights.service.words import OUTCOME_LABELS

ENTERED = StaffActionType("rights.entered", _("Entered a request about data"))
OPENED = StaffActionType("rights.opened", _("Opened a request about data"))
ANSWERED = StaffActionType("rights.answered", _("Answered a request about data"))
EXPORTED = StaffActionType("rights.exported", _("Exported the data of a person"))
TOLD = StaffActionType("rights.told", _("Told a recipient of a correction"))
ALL = (ENTERED, OPENED, ANSWERED, EXPORTED, TOLD)
SEEN = 3
"""The assurance of a request whose paper a member of staff saw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A request that came on paper, by letter or by telephone."""

    kind: RequestKind
    channel: Channel
    received: date
    """The day of its receipt."""
    language: Language
    about: str
    agent: str
    email: str = ""
    person: int | None = None


def enter(given: Entered, staff: int) -> tuple[DataRequest, str]:
    """Store a request that did not come through the site; return it and its code.

    The clock runs from the beginning of the day of receipt. Raise RightsError.
    """
    if given.person == staff:
        raise RightsError(OWN)
    actor = Actor(ActorKind.STAFF, staff)
    # Of an account only its own address is proved: what was typed may be another's.
    email = given.email if given.person is None else ""
    with writing() as session:
        if given.person is not None and session.get(Person, given.person) is None:
            raise RightsError(NO_PERSON)
        opened = requests.open_request(
            session,
            actor,
            kind=given.kind.value,
            channel=given.channel.value,
            person=given.person,
            email=email or None,
            email_key=emails.key(email) if email else None,
            language=given.language.value,
            about=given.about,
            agent=given.agent,
            assurance=SEEN if given.agent else 0,
            received_at=_received_at(given.received),
        )
        if opened is None:
            raise RuntimeError("a request of staff met one of the site")
        _log(session, staff, ENTERED, Operation.RECORDING, opened[0])
        request_entered.send(opened[0], session=session, staff=staff)
        return opened


def take(number: int, staff: int) -> None:
    """Take a request, which opens it to this member of staff. Raise RightsError."""
    with writing() as session:
        request = _locked(session, number, staff)
        request.staff = staff
        requests.log_step(session, number, Step.TAKEN, Actor(ActorKind.STAFF, staff))
        _log(session, staff, OPENED, Operation.ACCESS, request)


def answer(number: int, staff: int, outcome: Outcome, words: str) -> None:
    """Close a request with its outcome and the reason, and tell its person.

    A correction that was right is carried out in the same transaction. Raise RightsError.
    """
    actor = Actor(ActorKind.STAFF, staff)
    with writing() as session:
        request = _locked(session, number, staff)
        if request.staff != staff:
            raise RightsError(TAKE_IT)
        kind = RequestKind(request.kind)
        if outcome not in (*OUTCOMES[kind], *GROUNDS):
            raise RightsError(WRONG_OUTCOME)
        request_answered.send(request, session=session, staff=staff, outcome=outcome)
        right = outcome is Outcome.CORRECTED
        correcting.decide(session, request, actor, right=right, reason=words)
        requests.close(session, request, outcome, words)
        requests.log_step(session, number, Step.ANSWERED, actor)
        values = {"outcome": OUTCOME_LABELS[outcome], "answer": words}
        letters.send(session, letters.ANSWER, request, **values)
        _log(session, staff, ANSWERED, Operation.PROVISION, request, words)


def tell(number: int, notice: int, staff: int, how: str) -> None:
    """Store that a recipient was told of a correction, and how. Raise NoRequestError."""
    untold = (
        update(RecipientNotice)
        .where(
            RecipientNotice.id == notice,
            RecipientNotice.request == number,
            RecipientNotice.told_at.is_(None),
        )
        .values(told_at=clock.now(), told_by=staff)
        .returning(RecipientNotice.id)
    )
    with writing() as session:
        if session.scalar(untold) is None:
            raise NoRequestError
        request = session.get_one(DataRequest, number)
        requests.log_step(session, number, Step.TOLD, Actor(ActorKind.STAFF, staff))
        _log(session, staff, TOLD, Operation.USE, request, how)


def _locked(session: Session, number: int, staff: int) -> DataRequest:
    """Return an open request that is not this member's own; raise RightsError."""
    found = session.scalars(
        select(DataRequest).filter_by(id=number).with_for_update(),
        execution_options={"populate_existing": True},
    ).one()
    if found.person == staff:
        raise RightsError(OWN)
    if found.closed_at is not None:
        raise RightsError(CLOSED)
    return found


def _received_at(day: date) -> datetime:
    """Return the beginning of `day`, or now where it is today."""
    return clock.now() if day == clock.today() else clock.midnight(day)


def _log(  # noqa: PLR0913, PLR0917 - a row of the journal is all of these
    session: Session,
    staff: int,
    action: StaffActionType,
    operation: Operation,
    request: DataRequest,
    reason: str = "",
) -> None:
    log_staff_action(
        session,
        staff=staff,
        action=action,
        operation=operation,
        person=request.person,
        what=request.number,
        reason=reason,
    )
