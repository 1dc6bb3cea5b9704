"""Inviting somebody to the staff: an account, permissions, and a letter with a link."""

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
PERMITTED = EmailType(name="staff.permitted", label=_("Permissions in the staff area"))
INVITED = StaffActionType("staff.invited", _("Invited to the staff"))


class SuspendedMemberError(DomainError):
    """Somebody is invited whose account is blocked."""

    def __init__(self) -> None:
        super().__init__(_("This account is blocked. Lift the block first."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Whom to invite, and what they shall be allowed to do."""

    email: str
    permissions: frozenset[Permission]
    family_name: str = ""
    given_name: str = ""
    language: Language = Language.RU


def invite(session: Session, wanted: Invitation, *, by: int | None) -> Person:
    """Give the permissions to whoever has the address, and write to them; return who.

    Somebody with a confirmed account keeps it and is told; anybody else gets an account
    without a password, and a link that sets one. Either way the second factor comes
    before the first page (V6.3.3). What was given before stays. Raise BlockedMemberError.
    """
    person = _invited(session, wanted.email) or people.invite(session, _applicant(wanted))
    held = staff.permissions(person.id)
    grants.change(session, person.id, wanted.permissions | held, by=by)
    send(session, person, by=by)
    return person


def send(session: Session, person: Person, *, by: int | None) -> None:
    """Write the letter that lets somebody in; a later one ends the link before it.

    Raise BlockedMemberError where a block keeps them out.
    """
    if suspensions.in_force(person.id, session) is not None:
        raise SuspendedMemberError
    known = person.confirmed_at is not None and recovery.has_password(person.id)
    kind = PERMITTED if known else INVITATION
    values: dict[str, object] = {"permissions": _labels(staff.permissions(person.id))}
    if not known:
        values["token"] = recovery.invitation(session, person.id)
    row = log_staff_action(
        session, staff=by, action=INVITED, operation=Operation.USE, person=person.id
    )
    to = Recipient(email=person.email, language=Language(person.language), person=person.id)
    enqueue(session, kind, to, key=f"{kind.name}:{row.id}", values=values)


def of_address(session: Session, email: str) -> list[Person]:
    """Return every member of staff with this address: one, but for unused invitations."""
    said = select(Person).where(Person.email_key == emails.key(email))
    return [person for person in session.scalars(said) if staff.is_staff(person.id)]


def _invited(session: Session, email: str) -> Person | None:
    """Return whom an earlier invitation to this address is waiting for."""
    return next(iter(of_address(session, email)), None)


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
