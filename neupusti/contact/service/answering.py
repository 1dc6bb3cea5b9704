"""What staff do with a request: take it, answer, note, close."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask_babel import lazy_gettext as _
from sqlalchemy import update
from sqlalchemy.orm import Session

from neupusti.contact.models import Author, ContactMessage, ContactRequest, RequestState
from neupusti.contact.service import emails
from neupusti.contact.service.errors import NotTakenError, StaleError
from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.records.journal import Operation, StaffActionType, log_staff_action

OPENED = StaffActionType("contact.opened", _("Opened a question"))
ANSWERED = StaffActionType("contact.answered", _("Answered a question"))
NOTED = StaffActionType("contact.noted", _("Wrote a note in a question"))
LINKED = StaffActionType("contact.linked", _("Said which order a question is about"))
CLOSED = StaffActionType("contact.closed", _("Closed a question"))
SEARCHED = StaffActionType("contact.searched", _("Searched for questions"))
ALL = (OPENED, ANSWERED, NOTED, LINKED, CLOSED, SEARCHED)


@dataclass(frozen=True, slots=True)
class Press:
    """A press on a request: the version that was seen, and by whom."""

    request: int
    version: int
    staff: int


def take(press: Press) -> None:
    """Take a request: from now on this member of staff reads it. Raise StaleError."""
    with _changed(press, OPENED, Operation.ACCESS) as (_session, request):
        request.staff = press.staff


def answer(press: Press, words: str) -> None:
    """Answer a request, on its page and by email. Raise StaleError."""
    with _changed(press, ANSWERED, Operation.USE) as (session, request):
        request.state, request.last_at = RequestState.ANSWERED.value, clock.now()
        _add(session, request, press, Author.STAFF, words)
        emails.send(session, emails.ANSWERED, request, answer=words)


def note(press: Press, words: str) -> None:
    """Write a note for colleagues. Raise StaleError."""
    with _changed(press, NOTED, Operation.RECORDING) as (session, request):
        _add(session, request, press, Author.NOTE, words)


def link(press: Press, order_number: str) -> None:
    """Say which order a request is about; an empty number: none. Raise StaleError."""
    with _changed(press, LINKED, Operation.ALTERATION) as (_session, request):
        request.order_number = order_number


def close(press: Press, reason: str) -> None:
    """Close a request that needs no answer. Raise StaleError."""
    with _changed(press, CLOSED, Operation.ALTERATION, reason) as (_session, request):
        request.state = RequestState.CLOSED.value


def log_search(found: int, *, staff: int) -> None:
    """Log a search without its query, which is personal."""
    with writing() as session:
        log_staff_action(
            session,
            staff=staff,
            action=SEARCHED,
            operation=Operation.RETRIEVAL,
            what=f"{found} found",
        )


@contextmanager
def _changed(
    press: Press, action: StaffActionType, operation: Operation, reason: str = ""
) -> Iterator[tuple[Session, ContactRequest]]:
    """Open the transaction of a press on the version that was seen, and log it."""
    seen = (
        update(ContactRequest)
        .where(ContactRequest.id == press.request, ContactRequest.version == press.version)
        .values(version=press.version + 1)
        .returning(ContactRequest)
    )
    with writing() as session:
        request = session.scalar(seen, execution_options={"populate_existing": True})
        if request is None:
            raise StaleError
        if action is not OPENED and request.staff != press.staff:
            raise NotTakenError
        yield session, request
        log_staff_action(
            session,
            staff=press.staff,
            action=action,
            operation=operation,
            person=request.person,
            what=request.number,
            reason=reason,
        )


def _add(
    session: Session, request: ContactRequest, press: Press, author: Author, words: str
) -> None:
    session.add(
        ContactMessage(
            request=request.id,
            at=clock.now(),
            author=author.value,
            staff=press.staff,
            words=words,
        )
    )
