"""Who may read a request: its signed-in owner, or a browser that opened an emailed link."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.contact.models import CYRILLIC, PREFIX, ContactRequest
from neupusti.contact.service.errors import NoRequestError
from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.security import tokens
from neupusti.core.security.tokens import Token, TokenError
from neupusti.core.text import order_numbers
from neupusti.core.text.order_numbers import OrderNumberError

PURPOSE = "contact"
LIFE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Opened:
    """An opened link: the number of a request and the id of the token."""

    number: str
    token: int


def issue_row(session: Session, request: int) -> tuple[Token, str]:
    """Store a new link to a request in the open write transaction: its row and token."""
    return tokens.issue_row(session, PURPOSE, LIFE, target=request)


def newest(session: Session, request: int) -> int:
    """Return the id of the newest link to a request; a new one only where none works."""
    works = select(Token.id).where(
        Token.purpose == PURPOSE, Token.target == request, Token.expires_at > clock.now()
    )
    found: int | None = session.scalar(works.order_by(Token.id.desc()).limit(1))
    if found is not None:
        return found
    row, _text = issue_row(session, request)
    session.flush()
    return row.id


def open_link(token: str) -> Opened:
    """Exchange a link for the id of its token; raise TokenError."""
    row = tokens.peek(PURPOSE, token)
    request = db.session.get(ContactRequest, row.target)
    if request is None:
        raise TokenError
    return Opened(request.number, row.id)


def access(number: str, *, token: int | None, person: int | None) -> ContactRequest:
    """Return the request that a browser may read; raise NoRequestError.

    `token` is what its session holds for this number, `person` who is signed in.
    """
    request = by_number(db.session(), number)
    if request is None:
        raise NoRequestError
    is_owner = person is not None and request.person == person
    if not is_owner and tokens.held(token, PURPOSE, request.id) is None:
        raise NoRequestError
    return request


def by_number(session: Session, text: str) -> ContactRequest | None:
    """Return the request whose number is `text`, in any spelling."""
    try:
        number = order_numbers.parse(text, PREFIX, CYRILLIC)
    except OrderNumberError:
        return None
    found: ContactRequest | None = session.scalar(
        select(ContactRequest).filter_by(number=number)
    )
    return found
