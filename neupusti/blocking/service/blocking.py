"""Open and end blocks: a request opens one at once, its answer ends it (6.2.4)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import force_locale
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.core import clock
from neupusti.core.blocking import blocks
from neupusti.core.blocking.models import Cause, DataBlock, Result, Scope
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.records.journal import (
    Actor,
    ActorKind,
    Operation,
    StaffActionType,
    log_staff_action,
)
from neupusti.core.security import throttle
from neupusti.core.security.throttle import RateLimit
from neupusti.core.text import emails
from neupusti.core.text.languages import Language
from neupusti.rights.models import Channel, DataRequest, Outcome, RequestKind, Step
from neupusti.rights.service import asking, requests
from neupusti.rights.service import emails as rights_emails
from neupusti.rights.service.errors import (
    CLOSED,
    NO_PERSON,
    OWN,
    NoRequestError,
    RightsError,
)
from neupusti.rights.service.requests import Asker
from neupusti.rights.service.signals import request_answered, request_entered
from neupusti.rights.service.words import OUTCOME_LABELS

PLACED = StaffActionType("blocking.placed", _("Blocked the data of a person"))
LOOKED = StaffActionType("blocking.looked", _("Looked at blocked data to check them"))
ACTIONS = (PLACED, LOOKED)
OFTEN = RateLimit("block", 20, timedelta(days=1), timedelta(days=1))
"""E-mails to a person: a block and its end write one each. Both go on without them."""
LONGEST_DOCUMENT = 120
"""What its column takes."""
NOBODY = _("Write the number of the person, or the e-mail.")
WITHDRAWN = _("You took the block back.")
RESULTS = {
    Outcome.CORRECTED: Result.CORRECTED,
    Outcome.WITHDRAWN: Result.WITHDRAWN,
}
"""How a block ends by the outcome of its request; by any other it was unfounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the authorised body, or a member of staff, wants blocked."""

    by: Cause
    person: int | None
    email: str
    document: str
    reason: str
    language: Language


def block(asker: Asker, reason: str) -> DataRequest:
    """Block what is about `asker` from this moment; return the request it stands under.

    A block that is open already stays, with its first date.
    """
    with writing() as session:
        blocks.wait_for_writers(session)
        before = blocks.open_of(session, _whose(asker))
        if before is not None and (found := request_of(session, before)) is not None:
            return found
        values = requests.values_of(asker, RequestKind.BLOCK)
        # The term counts from the block: proving the address was no use of the data.
        values["received_at"] = clock.now()
        values |= {"about": reason, "may_withdraw": asker.is_settled}
        values["is_told"] = _may_tell(session, asker)
        request = _opened(session, asker.actor, values)
        blocks.open_block(
            session, _whose(asker), by=Cause.PERSON, reason=reason, request=request.number
        )
        return request


def block_of(asker: Asker) -> DataBlock | None:
    """Return the open block of everything about `asker`, or None."""
    return blocks.open_of(db.session(), _whose(asker))


def withdraw(asker: Asker) -> None:
    """End the block that `asker` asked for, and close its request."""
    with writing() as session:
        blocks.wait_for_writers(session)
        found = blocks.open_of(session, _whose(asker))
        if found is None or not may_withdraw(asker, found):
            return
        blocks.lift(session, found, outcome=Result.WITHDRAWN)
        request = request_of(session, found)
        if request is None or request.closed_at is not None:
            return
        with force_locale(Language(request.language).locale):
            words = str(WITHDRAWN)
        is_told = _may_tell(session, asker)
        _close(session, request, Outcome.WITHDRAWN, words, asker.actor, is_told=is_told)


def may_withdraw(asker: Asker, found: DataBlock) -> bool:
    """Return whether `asker` may end their block: not that of the authorised body.

    Nor while a former address may still take the account back from them.
    """
    return asker.is_settled and found.by in {Cause.PERSON.value, Cause.AGENT.value}


def place(order: Order, staff: int | None) -> DataRequest:
    """Block somebody's data for the authorised body, or as staff see the need.

    One that is open already is taken over, so that its person does not end it. `staff`
    None is a command on the server. Raise RightsError.
    """
    if order.person is None and not order.email:
        raise RightsError(NOBODY)
    with writing() as session:
        blocks.wait_for_writers(session)
        whose, values = _found(session, order)
        if staff is not None and whose.person == staff:
            raise RightsError(OWN)
        before = blocks.open_of(session, whose)
        if before is not None and (found := request_of(session, before)) is not None:
            if blocks.take_over(session, before, order.by, order.document):
                _log_placed(session, found, order, staff)
            return found
        kind = ActorKind.OPERATOR if staff is None else ActorKind.STAFF
        values |= {"about": order.reason, "may_withdraw": False}
        request = _opened(session, Actor(kind, staff), values)
        blocks.open_block(
            session,
            whose,
            by=order.by,
            reason=order.reason,
            request=request.number,
            document=order.document,
        )
        _log_placed(session, request, order, staff)
        return request


def finish(number: str, outcome: Outcome, words: str) -> None:
    """End a block by a command on the server, and answer its request.

    Raise NoRequestError, or RightsError where it was answered before.
    """
    with writing() as session:
        request = requests.by_number(session, number)
        if request.kind != RequestKind.BLOCK:
            raise NoRequestError
        if request.closed_at is not None:
            raise RightsError(CLOSED)
        _answer(request, session=session, staff=None, outcome=outcome)
        _close(session, request, outcome, words, Actor(ActorKind.OPERATOR, None))


def look(session: Session, request: DataRequest, staff: int, reason: str) -> None:
    """Journal that a member of staff looks at blocked data for the check."""
    log_staff_action(
        session,
        staff=staff,
        action=LOOKED,
        operation=Operation.ACCESS,
        person=request.person,
        what=request.number,
        reason=reason,
    )


def request_of(session: Session, found: DataBlock) -> DataRequest | None:
    """Return the request of a block; None once it is past its term."""
    return session.scalar(select(DataRequest).filter_by(number=found.request))


@request_entered.connect
def _enter(request: DataRequest, *, session: Session, **_staff: Any) -> None:
    """Block at once what a request from paper is about."""
    whose = Whose(person=request.person, email_key=request.email_key)
    if request.person is not None:
        whose = _of_account(session.get_one(Person, request.person))
    if request.kind != RequestKind.BLOCK or whose == Whose():
        return
    blocks.open_block(
        session,
        whose,
        by=Cause.AGENT if request.agent else Cause.PERSON,
        reason=request.about,
        request=request.number,
        document=request.agent[:LONGEST_DOCUMENT],
    )


@request_answered.connect
def _answer(
    request: DataRequest, *, session: Session, staff: int | None, outcome: Outcome
) -> None:
    """End the block of a request, before what was found is carried out."""
    found = blocks.of_request(session, request.number)
    if found is not None and found.scope == Scope.ALL:
        result = RESULTS.get(outcome, Result.UNFOUNDED)
        blocks.lift(session, found, outcome=result, by=staff)


def _log_placed(
    session: Session, request: DataRequest, order: Order, staff: int | None
) -> None:
    log_staff_action(
        session,
        staff=staff,
        action=PLACED,
        operation=Operation.BLOCKING,
        person=request.person,
        what=request.number,
        reason=order.reason,
    )


def _may_tell(session: Session, asker: Asker) -> bool:
    return not throttle.count(session, (OFTEN, asker.name))


def _close(  # noqa: PLR0913 - an answer is all of these
    session: Session,
    request: DataRequest,
    outcome: Outcome,
    words: str,
    actor: Actor,
    *,
    is_told: bool = True,
) -> None:
    requests.close(session, request, outcome, words)
    requests.log_step(session, request.id, Step.ANSWERED, actor)
    values = {"outcome": OUTCOME_LABELS[outcome], "answer": words}
    if is_told:
        rights_emails.send(session, rights_emails.ANSWER, request, **values)


def _whose(asker: Asker) -> Whose:
    """Return whom a block is about: the account, also while its address is unsettled."""
    return Whose(person=asker.person, email_key=asker.email_key)


def _opened(session: Session, actor: Actor, values: dict[str, Any]) -> DataRequest:
    opened = requests.open_request(session, actor, **values)
    if opened is None:
        raise RuntimeError("a request to block met an export")
    return opened[0]


def _found(session: Session, order: Order) -> tuple[Whose, dict[str, object]]:
    """Return whom an order is about, and the columns of its request.

    Nothing of an account is found by its address alone: that means its person.
    """
    key: str | None = emails.key(order.email) if order.email else None
    if order.person is None:
        person = asking.account_of(session, key) if key else None
    elif (person := session.get(Person, order.person)) is None:
        raise RightsError(NO_PERSON)
    values: dict[str, object] = {
        "kind": RequestKind.BLOCK.value,
        "channel": Channel.LETTER.value,
        "person": person.id if person else None,
        "email": None if person else order.email,
        "email_key": None if person else key,
        "language": order.language.value,
        "agent": order.document,
        "assurance": 3,
        "received_at": clock.now(),
    }
    if person is None:
        return Whose(email_key=key), values
    return _of_account(person), values


def _of_account(person: Person) -> Whose:
    """Return whom a block of an account is about: what is under its address as well."""
    of_account = person.email_key if person.confirmed_at else None
    return Whose(person=person.id, email_key=of_account)
