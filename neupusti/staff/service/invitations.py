"""Invite somebody to the staff: account, permissions, e-mail with a link."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.accounts.service import people, recovery, suspensions
from neupusti.accounts.service.people import Applicant
from neupusti.core.mail.outbox import EmailType, Recipient, enqueue
from neupusti.core.records.journal import Operation, StaffActionType, log_staff_action
from neupusti.core.rules import Permission
from neupusti.core.security import grants as staff
from neupusti.core.text import emails
from neupusti.core.text.languages import Language
from neupusti.core.web.errors import DomainError
from neupusti.staff.service import grants

INVITATION = EmailType(name="staff.invitation", label=_("Invitation to the staff"))
PERMISSIONS_GIVEN = EmailType(
    name="staff.permitted", label=_("Permissions in the staff area")
)
INVITED = StaffActionType("staff.invited", _("Invited to the staff"))


class SuspendedMemberError(DomainError):
    """The account of the invited person is suspended."""

    def __init__(self) -> None:
        super().__init__(_("This account is blocked. Unblock it first."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Whom to invite, with which permissions."""

    email: str
    permissions: frozenset[Permission]
    family_name: str = ""
    given_name: str = ""
    language: Language = Language.RU


def invite(session: Session, wanted: Invitation, *, by: int | None) -> Person:
    """Give the permissions to the person of an address, and e-mail them; return the person.

    A confirmed account is kept; anybody else gets one without a password, and a link that
    sets it. Both set a second factor up before the first page (V6.3.3). Earlier
    permissions stay. Raise SuspendedMemberError.
    """
    person = _invited(session, wanted.email) or people.invite(session, _applicant(wanted))
    held = staff.permissions(person.id)
    grants.change(session, person.id, wanted.permissions | held, by=by)
    send(session, person, by=by)
    return person


def send(session: Session, person: Person, *, by: int | None) -> None:
    """Send the invitation; a later one revokes the earlier link.

    Raise SuspendedMemberError.
    """
    if suspensions.in_force(person.id, session) is not None:
        raise SuspendedMemberError
    known = person.confirmed_at is not None and recovery.has_password(person.id)
    kind = PERMISSIONS_GIVEN if known else INVITATION
    values: dict[str, object] = {"permissions": _labels(staff.permissions(person.id))}
    if not known:
        values["token"] = recovery.invitation(session, person.id)
    row = log_staff_action(
        session, staff=by, action=INVITED, operation=Operation.USE, person=person.id
    )
    to = Recipient(email=person.email, language=Language(person.language), person=person.id)
    enqueue(session, kind, to, key=f"{kind.name}:{row.id}", values=values)


def by_email(session: Session, email: str) -> list[Person]:
    """Return the staff with this address: one, except for unused invitations."""
    wanted = select(Person).where(Person.email_key == emails.key(email))
    return [person for person in session.scalars(wanted) if staff.is_staff(person.id)]


def _invited(session: Session, email: str) -> Person | None:
    """Return the person of an earlier invitation to this address, or None."""
    return next(iter(by_email(session, email)), None)


def _applicant(wanted: Invitation) -> Applicant:
    return Applicant(
        family_name=wanted.family_name,
        given_name=wanted.given_name,
        patronymic="",
        email=wanted.email,
        phone=None,
        language=wanted.language,
    )


def _labels(permissions: Iterable[Permission]) -> list[object]:
    held = set(permissions)
    return [permission.label for permission in Permission if permission in held]
