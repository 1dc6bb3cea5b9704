"""What a person says of themselves: seeing it, changing it, saying that it still holds."""

from dataclasses import asdict, dataclass
from datetime import timedelta

from neupusti.accounts.models import Person
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.core import clock
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import writing
from neupusti.core.records import journal
from neupusti.core.records.journal import Actor, ActorKind, Operation, ProcessingRecord

RIGHT_FOR = timedelta(days=365)
"""So long details are taken to be right before their owner is asked again (4.1.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What the form of the profile says."""

    family_name: str
    given_name: str
    patronymic: str
    phone: str | None
    language: str

    def changed(self, person: Person) -> list[str]:
        """Return the names of the columns of `person` that say something else."""
        return [
            name for name, said in asdict(self).items() if getattr(person, name) != said
        ]


def change(number: int, details: Details, device: str) -> bool:
    """Keep what a person says now; tell whether it differs from before.

    Said again unchanged, it is confirmed all the same (4.1.5).
    """
    with writing() as session:
        person = session.get_one(Person, number, with_for_update=True)
        person.checked_at = clock.now()
        changed = details.changed(person)
        for name in changed:
            setattr(person, name, getattr(details, name))
        if changed:
            journal.log_processing(
                session, _deed(Operation.ALTERATION, ", ".join(changed), number)
            )
            journal.log_security_event(
                session, number, SecurityEventKind.DETAILS_CHANGED, device
            )
        return bool(changed)


def confirm(number: int) -> None:
    """Note that the owner says the details are still right."""
    with writing() as session:
        session.get_one(Person, number).checked_at = clock.now()
        journal.log_processing(
            session, _deed(Operation.UPDATING, "details confirmed", number)
        )


def in_doubt(person: Person) -> bool:
    """Tell whether it is long ago that anybody said the details are right (4.1.5)."""
    said = max(filter(None, (person.created_at, person.confirmed_at, person.checked_at)))
    return clock.now() - said > RIGHT_FOR


def _deed(operation: Operation, what: str, person: int) -> ProcessingRecord:
    return ProcessingRecord(
        operation=operation,
        what=what,
        why=Purpose.CONFIRMATION,
        person=person,
        actor=Actor(ActorKind.PERSON, person),
    )
