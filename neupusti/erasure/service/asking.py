"""Confirm a destruction, and undo it until it begins (6.1.3)."""

from datetime import timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.accounts.service import sessions
from neupusti.core import clock
from neupusti.core.blocking import blocks
from neupusti.core.data.database import db, insert, writing
from neupusti.core.data.finding import Whose
from neupusti.core.records.journal import (
    Actor,
    ActorKind,
    Operation,
    StaffActionType,
    log_staff_action,
)
from neupusti.core.security import grants, tokens
from neupusti.core.security.tokens import TokenError
from neupusti.erasure.models import Erasure, State
from neupusti.erasure.service import emails as erasure_emails
from neupusti.erasure.service import ending
from neupusti.erasure.service.errors import (
    ASKED_BEFORE,
    DECIDED,
    NOTHING,
    OWN,
    SECOND,
    STAFF,
    TOO_LATE,
    UNDONE,
    UNPROVED,
    ChangedError,
    ErasureError,
)
from neupusti.erasure.service.plan import Plan, fingerprint, plan
from neupusti.rights.models import DataRequest, Outcome, RequestKind, Step
from neupusti.rights.service import emails, requests, settling
from neupusti.rights.service.answering import SEEN
from neupusti.rights.service.asking import account_of
from neupusti.rights.service.errors import OF_ACCOUNT
from neupusti.rights.service.requests import Asker
from neupusti.rights.service.signals import emergency_declared

PROPOSED = StaffActionType("erasure.proposed", _("Entered a destruction of data"))
SECONDED = StaffActionType("erasure.seconded", _("Confirmed a destruction of data"))
ALL = (PROPOSED, SECONDED)
WAIT = timedelta(hours=24)
"""How long it can be undone."""
LINK_LIFE = timedelta(days=16)
"""Longer than the term of the law: an erasure that is put off can be undone as well."""


def preview(whose: Whose) -> Plan:
    """Return what would be destroyed; raise ErasureError where nothing may be."""
    _ensure_no_staff(whose.person)
    blocks.ensure_usable(db.session(), whose)
    return plan(db.session(), whose)


def confirm(asker: Asker, seen: str, session_number: int | None = None) -> Erasure:
    """Store that what was `seen` is to be destroyed in a day; email how to undo it.

    Every other session of the account ends. Raise ChangedError, ErasureError, and
    RightsError where the former address of the account is to agree first.
    """
    preview(asker.whose)
    settling.ensure_settled(asker.person)
    with writing() as session:
        blocks.keep_out(session)
        # Opened since the preview, by its person: whoever broke in may have pressed here.
        blocks.ensure_usable(session, asker.whose)
        if fingerprint(session, asker.whose) != seen:
            raise ChangedError
        values = requests.values_of(asker, RequestKind.DESTROY)
        opened = requests.open_request(session, asker.actor, **values)
        if opened is None:
            raise ErasureError(ASKED_BEFORE)
        erasure = _open(session, opened[0], State.CONFIRMED, seen)
        if asker.person is not None:
            sessions.end_all(session, asker.person, but=session_number)
        _tell(session, erasure, opened[0])
    return erasure


def propose(number: int, staff: int) -> Erasure:
    """Enter the destruction that a paper asks for; a second member of staff confirms it.

    Raise ErasureError.
    """
    with writing() as session:
        request = session.get_one(DataRequest, number, with_for_update=True)
        _check_paper(request, staff)
        whose = Whose(person=request.person, email_key=request.email_key)
        if whose.person is None and account_of(session, whose.email_key or ""):
            # Since the paper was entered: by the address nothing of theirs is found.
            raise ErasureError(OF_ACCOUNT)
        seen = fingerprint(session, whose)
        _log(session, staff, PROPOSED, request)
        return _open(session, request, State.ASKED, seen, asked_by=staff)


def second(number: int, staff: int) -> None:
    """Confirm what a colleague entered: it is destroyed in a day. Raise ErasureError."""
    with writing() as session:
        blocks.keep_out(session)
        erasure = session.get_one(Erasure, number, with_for_update=True)
        request = session.get_one(DataRequest, erasure.request)
        _check_paper(request, staff)
        if erasure.state != State.ASKED:
            raise ErasureError(DECIDED)
        if erasure.asked_by == staff:
            raise ErasureError(SECOND)
        erasure.state, erasure.confirmed_by = State.CONFIRMED.value, staff
        erasure.run_at = clock.now() + WAIT
        if erasure.person is not None:
            sessions.end_all(session, erasure.person)
        _log(session, staff, SECONDED, request)
        _tell(session, erasure, request)


def of_token(token: str) -> Erasure:
    """Return what the link of an email can undo; raise TokenError."""
    found = db.session.get(Erasure, tokens.peek(ending.LINK, token).target)
    if found is None:
        raise TokenError
    return found


def undo_by_link(token: str) -> None:
    """Undo by the link of the email. Raise TokenError, and ErasureError once it began."""
    erasure = of_token(token)
    undo(erasure.id, Actor(ActorKind.PERSON, erasure.person))


def undo(number: int, actor: Actor) -> None:
    """Undo an erasure that has not begun; raise ErasureError."""
    with writing() as session:
        if not _undo(session, Erasure.id == number, actor):
            state = session.scalar(select(Erasure.state).where(Erasure.id == number))
            raise ErasureError(UNDONE if state == State.UNDONE else TOO_LATE)


@emergency_declared.connect
def _shut(person: Person, *, session: Session) -> None:
    """Undo what may be the wish of whoever broke into the account.

    Else it would begin as soon as staff end the block.
    """
    actor = Actor(ActorKind.PERSON, person.id)
    _undo(session, Erasure.person == person.id, actor)


def pending(whose: Whose) -> Erasure | None:
    """Return the erasure of somebody that can still be undone, or None."""
    rows = select(Erasure).where(ending.CAN_BE_UNDONE)
    if whose.person is not None:
        rows = rows.where(Erasure.person == whose.person)
    else:
        rows = rows.where(Erasure.person.is_(None), Erasure.email_key == whose.email_key)
    return db.session.scalar(rows)


def _undo(session: Session, which: ColumnElement[bool], actor: Actor) -> bool:
    """Undo an erasure that has not begun, and tell its person; return whether one was."""
    request = ending.end(session, which, Outcome.WITHDRAWN)
    if request is None:
        return False
    requests.close(session, request, Outcome.WITHDRAWN, "")
    requests.log_step(session, request.id, Step.ANSWERED, actor)
    emails.send(session, erasure_emails.UNDONE, request)
    return True


def _open(
    session: Session, request: DataRequest, state: State, seen: str, **more: int
) -> Erasure:
    """Store an erasure; raise ErasureError where one of theirs is open."""
    values = {
        "request": request.id,
        "state": state.value,
        "person": request.person,
        "email_key": request.email_key,
        "kept_secret": "",
        "fingerprint": seen,
        "run_at": clock.now() + WAIT,
        "left": 0,
        **more,
    }
    new = insert(session, Erasure).on_conflict_do_nothing().returning(Erasure)
    made: Erasure | None = session.scalar(new, values)
    if made is None:
        raise ErasureError(ASKED_BEFORE)
    return made


def _ensure_no_staff(person: int | None) -> None:
    if person is not None and grants.is_staff(person):
        raise ErasureError(STAFF)


def _check_paper(request: DataRequest, staff: int) -> None:
    if request.person == staff:
        raise ErasureError(OWN)
    _ensure_no_staff(request.person)
    if request.kind != RequestKind.DESTROY or request.closed_at is not None:
        raise ErasureError(DECIDED)
    if request.assurance < SEEN:
        raise ErasureError(UNPROVED)
    if request.person is None and request.email_key is None:
        raise ErasureError(NOTHING)


def _log(
    session: Session, staff: int, action: StaffActionType, request: DataRequest
) -> None:
    log_staff_action(
        session,
        staff=staff,
        action=action,
        operation=Operation.RECORDING,
        person=request.person,
        what=request.number,
    )


def _tell(session: Session, erasure: Erasure, request: DataRequest) -> None:
    token = tokens.issue(session, ending.LINK, LINK_LIFE, target=erasure.id)
    values = {"token": token, "at": erasure.run_at}
    emails.send(session, erasure_emails.SCHEDULED, request, **values)
