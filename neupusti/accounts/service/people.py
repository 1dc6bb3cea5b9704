"""Find and create people."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person, PersonKind
from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.text import emails
from neupusti.core.text.languages import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """The values of the registration form."""

    family_name: str
    given_name: str
    patronymic: str
    email: str
    phone: str | None
    language: Language

    @property
    def personal_words(self) -> tuple[str, ...]:
        """The words a password may not consist of."""
        return (self.email, self.family_name, self.given_name, self.patronymic)


def personal_words(person: Person) -> tuple[str, ...]:
    """Return the words the password of `person` may not consist of."""
    return (person.email, person.family_name, person.given_name, person.patronymic)


def confirmed(email: str, session: Session | None = None) -> Person | None:
    """Return the person who has confirmed `email`."""
    found = select(Person).where(
        Person.email_key == emails.key(email), Person.confirmed_at.is_not(None)
    )
    return (session or db.session()).scalars(found).one_or_none()


def by_email(email: str) -> Person | None:
    """Return who signs in as `email`: who confirmed it, else the newest claimant."""
    found = (
        select(Person)
        .where(Person.email_key == emails.key(email))
        .order_by(Person.confirmed_at.is_(None), Person.id.desc())
        .limit(1)
    )
    person: Person | None = db.session.scalars(found).one_or_none()
    return person


def add(session: Session, applicant: Applicant) -> Person:
    """Create an unconfirmed person in the open write transaction."""
    person = Person(
        kind=PersonKind.ACCOUNT.value,
        family_name=applicant.family_name,
        given_name=applicant.given_name,
        patronymic=applicant.patronymic,
        email=applicant.email,
        email_key=emails.key(applicant.email),
        phone=applicant.phone,
        language=applicant.language.value,
        created_at=clock.now(),
    )
    session.add(person)
    session.flush()
    return person


def invite(session: Session, applicant: Applicant) -> Person:
    """Return the person of the address; create one without a password if there is none.

    The link of the invitation confirms the address (`recovery.invitation`).
    """
    return confirmed(applicant.email, session) or add(session, applicant)
