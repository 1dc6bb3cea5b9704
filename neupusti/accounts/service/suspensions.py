"""Which accounts are blocked, and what their owners are told.

The reason stands in no letter: the words of whoever blocked may speak of others, and a
letter lies on servers that are not ours. Its owner asks the operator, whom every answer
names, and keeps all rights of section 6 meanwhile.
"""

from collections.abc import Iterable

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.accounts.models import AccountSuspension
from neupusti.config.settings import settings
from neupusti.core.data.database import db
from neupusti.core.web.errors import DomainError


class SuspendedError(DomainError):
    """Somebody who knows the password wants to sign in to a blocked account."""

    status = 403


def in_force(person: int, session: Session | None = None) -> AccountSuspension | None:
    """Return the block of `person` that holds now."""
    wanted = select(AccountSuspension).filter_by(person=person, lifted_at=None)
    return (session or db.session()).scalars(wanted).one_or_none()


def among(people: Iterable[int], session: Session | None = None) -> set[int]:
    """Return which of `people` are blocked now."""
    wanted = select(AccountSuspension.person).where(
        AccountSuspension.person.in_(people), AccountSuspension.lifted_at.is_(None)
    )
    return set((session or db.session()).scalars(wanted))


def of(person: int) -> list[AccountSuspension]:
    """Return every block of `person`, the newest first."""
    wanted = select(AccountSuspension).filter_by(person=person)
    return list(db.session.scalars(wanted.order_by(AccountSuspension.id.desc())))


def check(person: int) -> None:
    """Raise BlockedError where the account of `person` is blocked."""
    if in_force(person) is not None:
        operator = settings().operator
        raise SuspendedError(
            _(
                "The operator has blocked this account: nobody can sign in to it. To learn "
                "why or to object, write from the e-mail of the account to %(whom)s. Your "
                "data and your rights to it (section 6 of the privacy policy) stay.",
                whom=operator.email or f"{operator.name}, {operator.address}",
            )
        )


def told(block: AccountSuspension) -> dict[str, object]:
    """Return what the letters about a block speak of."""
    return {"at": block.at, "operator": settings().operator}
