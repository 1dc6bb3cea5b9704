"""Carry out again what people decided about their accounts, in a restored database."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.accounts.service import recovery, securing, sessions
from neupusti.accounts.service.errors import GoneError
from neupusti.accounts.service.signals import consent_withdrawn
from neupusti.core.records import consents
from neupusti.core.records.consents import Repeated
from neupusti.core.records.decision_file import DecisionLine
from neupusti.core.security import tokens


def withdrawals(session: Session, lines: Sequence[DecisionLine]) -> int:
    """Withdraw consents again, each as of the day it was withdrawn."""
    wanted = {int(line.ref): Repeated(line.values["method"], line.at) for line in lines}
    found = consents.withdraw_again(session, wanted)
    for given in found:
        if given.person is not None:
            consent_withdrawn.send(given, session=session)
    return len(found)


def address(session: Session, line: DecisionLine) -> int:
    """End the sessions and links of an account that has its former address again.

    The new address is in no file: its owner has to be asked.
    """
    person = session.get(Person, line.person)
    if person is None or person.email_key != line.email_key:
        return 0
    sessions.end_all(session, person.id)
    tokens.revoke(session, person.id)
    return 1


def securing_of(session: Session, line: DecisionLine) -> int:
    """Undo again what somebody else did in an account."""
    person = session.get(Person, line.person)
    if person is None:
        return 0
    since, sent = (datetime.fromisoformat(line.values[key]) for key in ("since", "sent"))
    try:
        with session.begin_nested():
            securing.undo(session, person, since, sent, "")
    except GoneError:  # the former address is another's by now
        recovery.lock(session, person)
    return 1
