"""What staff do with requests: enter them, take them, answer, tell recipients."""

from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.core import clock
from neupusti.core.data import keys
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
from neupusti.rights.service import asking, correcting, deciding, requests
from neupusti.rights.service import emails as rights_emails
from neupusti.rights.service.correcting import Value
from neupusti.rights.service.deciding import Verdicts
from neupusti.rights.service.errors import (
    CLOSED,
    NO_PERSON,
    NOT_PROVED,
    OF_ACCOUNT,
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
NAMED = StaffActionType("rights.named", _("Named the value that a request is about"))
TOLD = StaffActionType("rights.told", _("Told a recipient what is corrected or destroyed"))
ALL = (ENTERED, OPENED, NAMED, ANSWERED, EXPORTED, TOLD)
SUBMISSION = "rights entry"
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


def enter(given: Entered, staff: int, submission: str) -> tuple[DataRequest, str]:
    """Store a request that did not come through the site; return it and its code.

    The clock runs from the beginning of the day of receipt. What one form (`submission`)
    sends twice is one request, and the code is the same. Raise RightsError.
    """
    if given.person == staff:
        raise RightsError(OWN)
    # Of an account only its own address is proved: what was typed may be another's.
    email = given.email if given.person is None else ""
    sent = f"{submission}\n{given}"
    stored, code = keys.hashed(SUBMISSION, sent), requests.code_of(sent)
    with writing() as session:
        if given.person is not None and not _is_confirmed(session, given.person):
            raise RightsError(NO_PERSON)
        if email and asking.account_of(session, emails.key(email)) is not None:
            raise RightsError(OF_ACCOUNT)
        opened = requests.open_request(
            session,
            Actor(ActorKind.STAFF, staff),
            code,
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
            submission=stored,
        )
        if opened is not None:
            # Before the journal: a block waits for all writers, who may wait for that.
            request_entered.send(opened[0], session=session, staff=staff)
            _log(session, staff, ENTERED, Operation.RECORDING, opened[0])
            return opened
        before = select(DataRequest).filter_by(submission=stored)
        return session.scalars(before).one(), requests.written(code)


def _is_confirmed(session: Session, number: int) -> bool:
    """Return whether a person has proved the address that answers would go to."""
    person = session.get(Person, number)
    return person is not None and person.confirmed_at is not None


def take(number: int, staff: int) -> None:
    """Take a request, which opens it to this member of staff. Raise RightsError."""
    with writing() as session:
        request = _locked(session, number, staff)
        request.staff = staff
        requests.log_step(session, number, Step.TAKEN, Actor(ActorKind.STAFF, staff))
        _log(session, staff, OPENED, Operation.ACCESS, request)


def name_value(number: int, staff: int, value: Value, proposed: str) -> None:
    """Name a value that the words or the paper of a request mean. Raise RightsError.

    It is corrected like one that was chosen on the site: recipients are told of it.
    """
    with writing() as session:
        request = _taken(session, number, staff)
        if value.key not in {one.key for one in deciding.namable(request)}:
            raise RightsError(NOT_PROVED)
        whose = deciding.whose(request)
        correcting.insert_value(session, request, whose, value, proposed)
        _log(session, staff, NAMED, Operation.RECORDING, request)


def answer(
    number: int, staff: int, outcome: Outcome, words: str, verdicts: Verdicts
) -> None:
    """Close a request with its outcome and the reason, and tell its person.

    What is right is set in the same transaction. Raise RightsError.
    """
    actor = Actor(ActorKind.STAFF, staff)
    with writing() as session:
        request = _taken(session, number, staff)
        kind = RequestKind(request.kind)
        if outcome not in (*OUTCOMES[kind], *GROUNDS):
            raise RightsError(WRONG_OUTCOME)
        request_answered.send(request, session=session, staff=staff, outcome=outcome)
        deciding.decide(session, request, actor, outcome, verdicts, words)
        requests.close(session, request, outcome, words)
        requests.log_step(session, number, Step.ANSWERED, actor)
        values = {"outcome": OUTCOME_LABELS[outcome], "answer": words}
        values["decided"] = deciding.told(number)
        rights_emails.send(session, rights_emails.ANSWER, request, **values)
        _log(session, staff, ANSWERED, Operation.PROVISION, request, words)


def tell(number: int, notice: int, staff: int, how: str) -> None:
    """Store that a recipient was told, and how. Raise NoRequestError."""
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


def _taken(session: Session, number: int, staff: int) -> DataRequest:
    """Return an open request that this member has taken; raise RightsError."""
    found = _locked(session, number, staff)
    if found.staff != staff:
        raise RightsError(TAKE_IT)
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
