"""Queries for the lists of people and staff, and for a person's page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from neupusti.accounts.models import AccountSuspension, Person, SecondFactor, SignIn
from neupusti.accounts.service import suspensions
from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.records.journal import SecurityEvent, StaffAction, StaffActionType
from neupusti.core.rules import Permission
from neupusti.core.security.grants import StaffGrant
from neupusti.core.text import collation, emails, phones
from neupusti.core.web.pagination import whole

MAX_SEARCH_WORDS = 8
"""Further words of a search are ignored."""
MAX_EVENTS = 20
OPENED = StaffActionType("people.opened", _("Opened a person's page"))
FOUND = StaffActionType("people.found", _("Saw a person's name in a search"))
SEEN = (OPENED.code, FOUND.code)
HOUR = timedelta(hours=1)


class AccountState(StrEnum):
    """The filter of the list of people."""

    ALL = "all"
    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    SUSPENDED = "blocked"


class PeopleOrder(StrEnum):
    """The sort order of the list of people."""

    NAME = "name"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Member:
    """A row of the list of staff."""

    person: Person
    permissions: list[Permission]
    since: datetime
    has_second_factor: bool
    sessions: int
    suspended: bool


def people(state: AccountState, order: PeopleOrder) -> Select[Any]:
    """Return the people in a state, in an order."""
    query = select(Person)
    if state is AccountState.CONFIRMED:
        query = query.where(Person.confirmed_at.is_not(None))
    elif state is AccountState.UNCONFIRMED:
        query = query.where(Person.confirmed_at.is_(None))
    elif state is AccountState.SUSPENDED:
        query = query.where(Person.id.in_(_suspended()))
    if order is PeopleOrder.NEWEST:
        return query.order_by(Person.id.desc())
    return query.order_by(Person.sort, Person.id)


def search(text: str, state: AccountState, order: PeopleOrder) -> Select[Any]:
    """Return the people whose names, e-mail and phone contain every word of `text`.

    Also matches the number of a person, and a phone in any notation. A complete e-mail
    matches only itself: case-folding would make `ß` `ss`.
    """
    number = whole(text.strip())
    words = collation.folded(_address(text)).split()[:MAX_SEARCH_WORDS]
    conditions = [and_(*map(_contains, words)), *map(_contains, _phone(text))]
    if number is not None:
        conditions.append(Person.id == number)
    return people(state, order).where(or_(*conditions))


def by_state() -> dict[str, int]:
    """Count the people in each state."""
    total, confirmed = db.session.execute(
        select(func.count(), func.count(Person.confirmed_at)).select_from(Person)
    ).one()
    return {
        AccountState.ALL: total,
        AccountState.CONFIRMED: confirmed,
        AccountState.UNCONFIRMED: total - confirmed,
        AccountState.SUSPENDED: db.session.scalar(_suspended(func.count())) or 0,
    }


def events(person: int) -> list[SecurityEvent]:
    """Return the newest security events of a person."""
    query = select(SecurityEvent).filter_by(person=person)
    newest = query.order_by(SecurityEvent.id.desc()).limit(MAX_EVENTS)
    return list(db.session.scalars(newest))


def grants(person: int) -> list[StaffGrant]:
    """Return every permission a person holds or held, the newest first."""
    query = select(StaffGrant).filter_by(person=person)
    return list(db.session.scalars(query.order_by(StaffGrant.id.desc())))


def has_second_factor(person: int) -> bool:
    """Return whether a person has a confirmed second factor."""
    row = db.session.get(SecondFactor, person)
    return row is not None and row.confirmed_at is not None


def members() -> list[Member]:
    """Return everybody who holds a permission, sorted by name."""
    held: dict[int, list[StaffGrant]] = {}
    for grant in db.session.scalars(select(StaffGrant).filter_by(ended_at=None)):
        held.setdefault(grant.person, []).append(grant)
    query = select(Person).where(Person.id.in_(held)).order_by(Person.sort, Person.id)
    suspended = suspensions.among(held)
    return [
        Member(
            person,
            [p for p in Permission if p.value in {g.permission for g in held[person.id]}],
            min(grant.given_at for grant in held[person.id]),
            has_second_factor(person.id),
            _sessions(person.id),
            person.id in suspended,
        )
        for person in db.session.scalars(query)
    ]


def names() -> dict[int, str]:
    """Return the names of all current and former staff, by number.

    Who was invited on the server may have none yet, and goes by the number.
    """
    ever = select(StaffGrant.person).distinct()
    query = select(Person).where(Person.id.in_(ever)).order_by(Person.sort, Person.id)
    return {
        person.id: person.full_name or str(person.id)
        for person in db.session.scalars(query)
    }


def staff_admins() -> Select[Any]:
    """Return the staff admins: confirmed, and not suspended."""
    return holders(Permission.STAFF)


def holders(permission: Permission) -> Select[Any]:
    """Return the people with a permission: confirmed, and not suspended."""
    return (
        select(Person)
        .join(StaffGrant, StaffGrant.person == Person.id)
        .where(
            StaffGrant.permission == permission.value,
            StaffGrant.ended_at.is_(None),
            Person.confirmed_at.is_not(None),
            Person.id.not_in(_suspended()),
        )
    )


def without_second_factor() -> int:
    """Count the members of staff without a second factor."""
    return sum(not member.has_second_factor for member in members())


def people_this_hour(session: Session, staff: int) -> int:
    """Count the distinct people `staff` saw within the last hour, on a page or by name."""
    people = select(func.count(StaffAction.person.distinct())).where(
        StaffAction.staff == staff,
        StaffAction.action.in_(SEEN),
        StaffAction.at > clock.now() - HOUR,
    )
    return session.scalar(people) or 0


def last_reason(person: int, *, staff: int) -> str:
    """Return why `staff` last opened the page of `person` within an hour, or ""."""
    query = select(StaffAction).where(
        StaffAction.staff == staff,
        StaffAction.person == person,
        StaffAction.action == OPENED.code,
        StaffAction.at > clock.now() - HOUR,
    )
    last = db.session.scalar(query.order_by(StaffAction.id.desc()).limit(1))
    return last.reason if last else ""


def excessive_access(limit: int) -> int:
    """Count the members of staff who opened more than `limit` people within the hour."""
    members = select(StaffAction.staff).where(StaffAction.staff.is_not(None)).distinct()
    recent = members.where(StaffAction.at > clock.now() - HOUR)
    return sum(
        people_this_hour(db.session(), number) > limit
        for number in db.session.scalars(recent)
        if number is not None
    )


def _suspended(what: Any = AccountSuspension.person) -> Select[Any]:
    return select(what).where(AccountSuspension.lifted_at.is_(None))


def _sessions(person: int) -> int:
    counted = select(func.count()).select_from(SignIn).where(SignIn.person == person)
    return db.session.scalar(counted) or 0


def _contains(word: str) -> Any:
    return Person.search.contains(word, autoescape=True)


def _phone(text: str) -> list[str]:
    try:
        return [phones.parse(text)]
    except phones.PhoneError:
        return []


def _address(text: str) -> str:
    """Return `text` normalised if it is an e-mail address, else unchanged."""
    try:
        return emails.parse(text)
    except emails.EmailError:
        return text
