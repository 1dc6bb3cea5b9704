"""Lists of requests, and the messages of one."""

from dataclasses import dataclass

from sqlalchemy import case, func, select

from neupusti.contact.models import (
    CYRILLIC,
    PREFIX,
    Author,
    ContactMessage,
    ContactRequest,
    RequestState,
)
from neupusti.core.data.database import db
from neupusti.core.text import emails, order_numbers
from neupusti.core.text.order_numbers import OrderNumberError
from neupusti.core.web.pagination import Page, paginate

SIZE = 50
MINE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What the board shows; empty fields restrict nothing."""

    state: RequestState | None = None
    search: str = ""
    """The number of a request, or a whole email address."""


def board(wanted: Filter, page: int) -> Page[ContactRequest]:
    """Return the requests that wait for us first, the oldest of them on top."""
    rows = select(ContactRequest)
    if wanted.state is not None:
        rows = rows.where(ContactRequest.state == wanted.state.value)
    if wanted.search:
        try:
            rows = rows.where(
                ContactRequest.number
                == order_numbers.parse(wanted.search, PREFIX, CYRILLIC)
            )
        except OrderNumberError:
            rows = rows.where(ContactRequest.email_key == _email_key(wanted.search))
    waits = ContactRequest.state == RequestState.NEW.value
    order = (
        waits.desc(),
        case((waits, ContactRequest.last_at)),
        ContactRequest.last_at.desc(),
        ContactRequest.id,
    )
    return paginate(rows.order_by(*order), page, size=SIZE)


def counts() -> dict[RequestState, int]:
    """Return how many requests are in each state."""
    rows = db.session.execute(
        select(ContactRequest.state, func.count()).group_by(ContactRequest.state)
    )
    return {RequestState(state): count for state, count in rows}


def count_new() -> int:
    """Return how many requests wait for an answer."""
    return counts().get(RequestState.NEW, 0)


def of_person(person: int) -> list[ContactRequest]:
    """Return the newest requests of a person."""
    rows = select(ContactRequest).filter_by(person=person)
    newest = rows.order_by(ContactRequest.id.desc()).limit(MINE)
    return list(db.session.scalars(newest))


def open_numbers(person: int) -> list[str]:
    """Return the numbers of the requests of a person that wait for us."""
    rows = select(ContactRequest.number).filter_by(
        person=person, state=RequestState.NEW.value
    )
    return list(db.session.scalars(rows.order_by(ContactRequest.id)))


def messages(request: int, *, notes: bool = False) -> list[ContactMessage]:
    """Return the messages of a request, the oldest first; `notes`: with those of staff."""
    rows = select(ContactMessage).filter_by(request=request)
    if not notes:
        rows = rows.where(ContactMessage.author != Author.NOTE.value)
    return list(db.session.scalars(rows.order_by(ContactMessage.id)))


def _email_key(text: str) -> str:
    try:
        return emails.key(emails.parse(text))
    except emails.EmailError:
        return ""
