"""Which accounts are suspended, and the messages to their owners.

No e-mail contains the reason: it may mention other people, and e-mails are stored on
foreign servers. Every message names the operator to ask; the rights of the person remain.
"""

from collections.abc import Iterable

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.accounts.models import AccountSuspension
from neupusti.config.settings import settings
from neupusti.core.data.database import db
from neupusti.core.text import languages
from neupusti.core.web.errors import DomainError


class SuspendedError(DomainError):
    """A sign-in with the right password to a suspended account."""

    status = 403


def in_force(person: int, session: Session | None = None) -> AccountSuspension | None:
    """Return the current suspension of `person`, or None."""
    query = select(AccountSuspension).filter_by(person=person, lifted_at=None)
    return (session or db.session()).scalars(query).one_or_none()


def among(people: Iterable[int], session: Session | None = None) -> set[int]:
    """Return which of `people` are suspended."""
    query = select(AccountSuspension.person).where(
        AccountSuspension.person.in_(people), AccountSuspension.lifted_at.is_(None)
    )
    return set((session or db.session()).scalars(query))


def of(person: int) -> list[AccountSuspension]:
    """Return all suspensions of `person`, the newest first."""
    query = select(AccountSuspension).filter_by(person=person)
    return list(db.session.scalars(query.order_by(AccountSuspension.id.desc())))


def check(person: int) -> None:
    """Raise SuspendedError where the account of `person` is suspended."""
    if in_force(person) is not None:
        raise SuspendedError(
            _(
                "The operator has blocked this account: nobody can sign in to it. To learn "
                "why or to object, write from the e-mail of the account to %(whom)s. Your "
                "data and your rights to it stay.",
                whom=operator_contact(),
            )
        )


def operator_contact() -> str:
    """Return whom to write to where the site cannot help, in the language of the page."""
    operator = settings().operator.in_language(languages.current())
    return operator.email or f"{operator.name}, {operator.address}"


def email_values(suspension: AccountSuspension) -> dict[str, object]:
    """Return the template values of e-mails about a suspension."""
    return {"at": suspension.at, "operator": settings().operator}
