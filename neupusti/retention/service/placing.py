"""Holds that staff place on a person or an order: placed, seconded, released (5.1)."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.data.halting import is_halted
from neupusti.core.records.decisions import Decision, decide
from neupusti.core.records.holds import WAIT, PlacedHold, in_force, lacks_second
from neupusti.core.records.journal import ACTIONS, StaffActionType, log_staff_action
from neupusti.core.text import order_numbers
from neupusti.core.text.order_numbers import OrderNumberError
from neupusti.orders.models.order import ShopOrder
from neupusti.retention.service.errors import (
    ENDED,
    LAST_DAY,
    NO_DOCUMENT,
    NO_LAW,
    NO_ORDER,
    NO_PERSON,
    NO_REASON,
    NOBODY,
    NOT_NEEDED,
    OVER,
    OWN,
    REVIEW_LIMIT,
    SAME,
    WITH_ADDRESS,
    HoldError,
    NoHoldError,
)
from neupusti.rights.models import DataRequest

LONGEST_REVIEW = timedelta(days=180)
LONGEST = 120
"""Characters of a law, and of a document."""
LATE = timedelta(days=7)
"""How long after its end a hold is released, for good: a clock may run ahead."""
DESTROY = "destroy"
"""The kind of a request for destruction."""
PLACED = StaffActionType("retention.placed", _("Placed a hold"))
SECONDED = StaffActionType("retention.seconded", _("Agreed to a hold"))
REVIEWED = StaffActionType("retention.reviewed", _("Looked at a hold again"))
RELEASED = StaffActionType("retention.released", _("Released a hold"))
ALL = (PLACED, SECONDED, REVIEWED, RELEASED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A hold to place."""

    law: str
    document: str
    reason: str
    review: date
    person: int | None = None
    order: str = ""
    """The number of an order, as somebody writes it."""
    until: date | None = None
    silent: bool = False


def place(wish: Wish, staff: int | None) -> PlacedHold:
    """Place a hold, and record it outside the database, too. Raise HoldError.

    The same that is in force already is returned: a form may be sent twice.
    """
    _check(wish)
    with writing() as session:
        ACTIONS.lock(session)  # who has it may wait for a row that was locked before
        person, number = _whose(session, wish)
        if staff is not None and person == staff:
            raise HoldError(OWN)
        if (same := _same(session, wish, number)) is not None:
            return same
        asked_at = _destruction_asked_at(session, person, number)
        if asked_at is not None and _waits_since(session, wish, number, staff, asked_at):
            raise HoldError(SAME)
        hold = PlacedHold(
            code=secrets.token_hex(4),
            person=None if number else person,
            number=number,
            law=wish.law,
            document=wish.document,
            reason=wish.reason,
            silent=wish.silent,
            at=clock.now(),
            by=staff,
            needs_second=asked_at is not None,
            until=wish.until,
            review=min(wish.review, clock.today() + LONGEST_REVIEW),
        )
        session.add(hold)
        _log(session, PLACED, hold, staff, wish.reason)
        _decide(session, Decision.HELD, hold)
        return hold


def second(code: str, staff: int) -> None:
    """Agree to a hold that stands against a request for destruction. Raise HoldError."""
    with writing() as session:
        hold = _lasting(session, code, staff)
        if not hold.needs_second or hold.second is not None:
            raise HoldError(NOT_NEEDED)
        if hold.by == staff:
            raise HoldError(SAME)
        hold.second, hold.seconded_at = staff, clock.now()
        _log(session, SECONDED, hold, staff)
        _decide(session, Decision.HELD, hold)


def review(code: str, staff: int, day: date, reason: str) -> None:
    """Keep a hold, to be looked at again by `day`. Raise HoldError."""
    with writing() as session:
        hold = _lasting(session, code, staff)
        hold.review = min(day, clock.today() + LONGEST_REVIEW)
        _log(session, REVIEWED, hold, staff, reason)


def release(code: str, staff: int | None, reason: str) -> None:
    """Release a hold: what it kept goes by its own term. Raise HoldError."""
    with writing() as session:
        hold = _open(session, code, staff)
        _release(session, hold, staff)
        _log(session, RELEASED, hold, staff, reason)


def release_ended() -> None:
    """Release the holds that ended `LATE` ago: none hold any more, but this is for good."""
    if is_halted():
        return
    over = select(PlacedHold).where(
        PlacedHold.released_at.is_(None),
        or_(
            PlacedHold.until < clock.today() - LATE,
            and_(lacks_second(), PlacedHold.at <= clock.now() - WAIT - LATE),
        ),
    )
    with writing() as session:
        for hold in session.scalars(over.with_for_update()):
            _release(session, hold, None)


def _check(wish: Wish) -> None:
    """Raise HoldError for what holds nothing, and for what no paper stands behind."""
    if (wish.person is None) == (not wish.order):
        raise HoldError(NOBODY)
    words = ((wish.law, NO_LAW), (wish.document, NO_DOCUMENT), (wish.reason, NO_REASON))
    for given, missing in words:
        if not given.strip():
            raise HoldError(missing)
    if max(len(wish.law), len(wish.document)) > LONGEST:
        raise HoldError(gettext("Shorten it to %(count)s characters.", count=LONGEST))
    if "@" in wish.law + wish.document:  # the file of decisions only grows
        raise HoldError(WITH_ADDRESS)
    if wish.until is not None and wish.until <= clock.today():
        raise HoldError(LAST_DAY)
    if wish.review <= clock.today():
        raise HoldError(REVIEW_LIMIT)


def _whose(session: Session, wish: Wish) -> tuple[int | None, str | None]:
    """Return whom a hold is on, or whose order, and the order. Raise HoldError."""
    if wish.person is not None:
        if session.get(Person, wish.person) is None:
            raise HoldError(NO_PERSON)
        return wish.person, None
    try:
        number = order_numbers.parse(wish.order)
    except OrderNumberError:
        raise HoldError(NO_ORDER) from None
    found = session.execute(select(ShopOrder.person).filter_by(number=number)).first()
    if found is None:
        raise HoldError(NO_ORDER)
    return found.person, number


def _same(session: Session, wish: Wish, number: str | None) -> PlacedHold | None:
    """Return the hold in force that says all of `wish`, or None."""
    said = {"law": wish.law, "document": wish.document, "reason": wish.reason}
    told = {"silent": wish.silent, "until": wish.until}
    mine = select(PlacedHold).filter_by(person=wish.person, number=number, **said, **told)
    return session.scalar(mine.where(in_force()).limit(1))


def _waits_since(
    session: Session, wish: Wish, number: str | None, staff: int | None, since: datetime
) -> bool:
    """Return whether a hold of the same member of staff has got no second one since then.

    Else one member alone would put a destruction off, by one hold after another.
    """
    mine = select(PlacedHold.id).filter_by(person=wish.person, number=number, by=staff)
    return session.scalar(mine.where(lacks_second(), PlacedHold.at >= since)) is not None


def _destruction_asked_at(
    session: Session, person: int | None, number: str | None
) -> datetime | None:
    """Return since when whoever the hold is on waits for destruction; None: nobody does."""
    keys = select(ShopOrder.email_key).where(ShopOrder.number == number)
    # Of an order without an account also who has one with its address may destroy it.
    owners = select(Person.id).where(
        Person.email_key.in_(keys), Person.confirmed_at.is_not(None)
    )
    theirs: ColumnElement[bool] = (
        DataRequest.person == person
        if person is not None
        else DataRequest.person.in_(owners)
        | DataRequest.person.is_(None) & DataRequest.email_key.in_(keys)
    )
    asked = select(func.min(DataRequest.received_at)).where(
        DataRequest.kind == DESTROY,
        DataRequest.closed_at.is_(None),
        or_(false(), theirs),
    )
    return session.scalar(asked)


def _open(session: Session, code: str, staff: int | None) -> PlacedHold:
    """Return a hold that is not released, locked; raise NoHoldError, HoldError."""
    query = select(PlacedHold).filter_by(code=code).with_for_update()
    hold: PlacedHold | None = session.scalar(query)
    if hold is None:
        raise NoHoldError
    if hold.released_at is not None:
        raise HoldError(OVER)
    if staff is not None and _subject(session, hold) == staff:
        raise HoldError(OWN)
    return hold


def _lasting(session: Session, code: str, staff: int) -> PlacedHold:
    """Return a hold that is in force, locked; raise NoHoldError, HoldError."""
    hold = _open(session, code, staff)
    if hold.has_ended:
        raise HoldError(ENDED)
    return hold


def _subject(session: Session, hold: PlacedHold) -> int | None:
    """Return whom a hold is on, or whose order; None: a guest's."""
    if hold.number is None:
        return hold.person
    return session.scalar(select(ShopOrder.person).filter_by(number=hold.number))


def _release(session: Session, hold: PlacedHold, staff: int | None) -> None:
    hold.released_at, hold.released_by = clock.now(), staff
    _decide(session, Decision.RELEASED, hold)


def _log(
    session: Session,
    action: StaffActionType,
    hold: PlacedHold,
    staff: int | None,
    reason: str = "",
) -> None:
    """Record an act; as one about its person only where they may know of the hold."""
    log_staff_action(
        session,
        staff=staff,
        action=action,
        person=None if hold.silent else _subject(session, hold),
        what=f"{hold.code} {hold.number or ''}".strip(),
        reason=reason,
    )


def _decide(session: Session, kind: Decision, hold: PlacedHold) -> None:
    """Record a hold in the decisions file; not its reason, which has an end."""
    values = {
        "number": hold.number,
        "law": hold.law,
        "document": hold.document,
        "silent": hold.silent,
        "by": hold.by,
        "needs_second": hold.needs_second,
        "second": hold.second,
        "until": hold.until,
        "review": hold.review,
    }
    written = {name: str(value) for name, value in values.items() if value}
    decide(session, kind, person=hold.person, ref=hold.code, values=written)
