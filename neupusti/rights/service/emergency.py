"""My account was broken into: one press shuts it and blocks its data (5.5).

Everything that it does can be taken back: a new password by the link, the end of the block
by staff. So nothing is asked first.
"""

from flask_babel import gettext
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.accounts.service import recovery
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.core import clock
from neupusti.core.blocking import blocks
from neupusti.core.blocking.models import Cause
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import writing
from neupusti.core.data.finding import Whose
from neupusti.core.records import journal
from neupusti.core.records.journal import Actor, ActorKind, Operation, ProcessingRecord
from neupusti.core.text import languages
from neupusti.rights.models import RequestKind
from neupusti.rights.service import requests, settling
from neupusti.rights.service.requests import Asker
from neupusti.rights.service.signals import emergency_declared


def declare(number: int, device: str) -> None:
    """End every session of a person, revoke the password and block the data, at once.

    Links to a new password and to the state of the block go by e-mail; the first to the
    former address while that can undo its change. What is blocked already stays so. Only
    staff end the block, an earlier one too: whoever took the account over would.
    """
    actor = Actor(ActorKind.PERSON, number)
    with writing() as session:
        blocks.wait_for_writers(session)
        person = session.get_one(Person, number, with_for_update=True)
        whose = Whose(person=number, email_key=person.email_key)
        if (before := blocks.open_of(session, whose)) is not None:
            blocks.take_over(session, before, Cause.SYSTEM)
        else:
            reason = gettext("The account was broken into.")
            request = _request(session, person, actor, reason)
            blocks.open_block(
                session, whose, by=Cause.SYSTEM, reason=reason, request=request
            )
        emergency_declared.send(person, session=session)
        change = settling.unsettled(number)
        recovery.lock(session, person, change.old if change else None)
        kind = SecurityEventKind.EMERGENCY
        journal.log_security_event(session, number, kind, device)
        record = ProcessingRecord(
            operation=Operation.BLOCKING,
            what=kind.value,
            why=Purpose.IDENTIFICATION,
            person=number,
            actor=actor,
        )
        journal.log_processing(session, record)


def _request(session: Session, person: Person, actor: Actor, reason: str) -> str:
    """Open the request that staff end the block by; return its number."""
    asker = Asker(
        person=person.id,
        email=person.email,
        email_key=person.email_key,
        language=languages.current(),
        received_at=clock.now(),
    )
    values = requests.values_of(asker, RequestKind.BLOCK)
    values |= {"about": reason, "may_withdraw": False}
    opened = requests.open_request(session, actor, **values)
    if opened is None:
        raise RuntimeError("a request to block met an export")
    return opened[0].number
