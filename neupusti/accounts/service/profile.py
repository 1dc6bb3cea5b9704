"""The personal details of an account: change and confirm them."""

from dataclasses import asdict, dataclass
from datetime import timedelta

from neupusti.accounts.models import Person
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.core import clock
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import writing
from neupusti.core.records import journal
from neupusti.core.records.journal import Actor, ActorKind, Operation, ProcessingRecord

REVIEW_INTERVAL = timedelta(days=365)
"""After this period the owner is asked to review the details (4.1.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """The values of the profile form."""

    family_name: str
    given_name: str
    patronymic: str
    phone: str | None
    language: str

    def changed(self, person: Person) -> list[str]:
        """Return the names of the columns of `person` that differ."""
        return [
            name for name, value in asdict(self).items() if getattr(person, name) != value
        ]


def change(number: int, details: Details, device: str) -> bool:
    """Save the details of a person; return whether they changed.

    Saving them unchanged confirms them (4.1.5).
    """
    with writing() as session:
        person = session.get_one(Person, number, with_for_update=True)
        person.checked_at = clock.now()
        changed = details.changed(person)
        for name in changed:
            setattr(person, name, getattr(details, name))
        if changed:
            journal.log_processing(
                session,
                _processing_record(Operation.ALTERATION, ", ".join(changed), number),
            )
            journal.log_security_event(
                session, number, SecurityEventKind.DETAILS_CHANGED, device
            )
        return bool(changed)


def confirm(number: int) -> None:
    """Record that the owner confirmed the details."""
    with writing() as session:
        session.get_one(Person, number).checked_at = clock.now()
        journal.log_processing(
            session, _processing_record(Operation.UPDATING, "details confirmed", number)
        )


def needs_review(person: Person) -> bool:
    """Return whether the details were last confirmed too long ago (4.1.5)."""
    confirmed = max(
        filter(None, (person.created_at, person.confirmed_at, person.checked_at))
    )
    return clock.now() - confirmed > REVIEW_INTERVAL


def _processing_record(operation: Operation, what: str, person: int) -> ProcessingRecord:
    return ProcessingRecord(
        operation=operation,
        what=what,
        why=Purpose.CONFIRMATION,
        person=person,
        actor=Actor(ActorKind.PERSON, person),
    )
