"""Withdraw a person's consents with one click, and give that to the account again.

Clauses 2.1 and 6.1.1; `core.records.consents` says what a closed account is.
"""

from sqlalchemy import select

from neupusti.accounts.models import Person
from neupusti.accounts.service import emails
from neupusti.accounts.service.signals import consent_withdrawn
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import writing
from neupusti.core.records import consents, journal
from neupusti.core.records.consents import FormConsent, GivenConsent
from neupusti.core.records.journal import Actor, ActorKind, Operation, ProcessingRecord

METHOD = "button pressed"


def give(person: int, given: GivenConsent) -> None:
    """Store the consent to the account that `person` gives again."""
    with writing() as session:
        # Locked: the second of two concurrent requests finds the row of the first.
        owner = session.get_one(Person, person, with_for_update=True)
        if not consents.is_closed(person):
            return
        consents.store(session, given, email=owner.email, person=person)
        journal.log_processing(
            session,
            ProcessingRecord(
                operation=Operation.RECORDING,
                what="consent to the account given again",
                why=Purpose.ACCOUNT,
                person=person,
                actor=Actor(ActorKind.PERSON, person),
            ),
        )


def withdraw(person: int, number: int) -> bool:
    """Withdraw consent `number` of `person`; return whether it exists.

    The record of the consent stays; the withdrawal is a row of its own. Repeating it
    changes nothing and sends no second e-mail.
    """
    with writing() as session:
        # Locked: the second of two concurrent requests finds the row of the first.
        given = session.get(FormConsent, number, with_for_update=True)
        if given is None or given.person != person or given.ends is not None:
            return False
        if session.scalar(select(FormConsent.id).filter_by(ends=number)) is not None:
            return True
        row = consents.withdraw(session, given, method=METHOD)
        consent_withdrawn.send(given, session=session)
        journal.log_processing(
            session,
            ProcessingRecord(
                operation=Operation.RECORDING,
                what=f"consent {number} withdrawn",
                why=Purpose(given.purpose),
                person=person,
                actor=Actor(ActorKind.PERSON, person),
            ),
        )
        text = session.get_one(consents.ConsentText, given.wording).text
        values = {"words": text.partition("\n")[0], "at": row.at, "number": row.id}
        owner = session.get_one(Person, person)
        emails.send(session, emails.WITHDRAWN, owner, values | {"given": given.at})
        return True
