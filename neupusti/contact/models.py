"""A request to the shop and what was said in it."""

from enum import StrEnum
from typing import Annotated

from sqlalchemy import ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.blocking.conditions import CONTESTABLE
from neupusti.core.data.classification import (
    ActorNumber,
    Email,
    EmailKey,
    GivenName,
    Id,
    Moment,
    PersonNumber,
    Purpose,
    TokenDigest,
    impersonal,
    personal,
)
from neupusti.core.data.database import Base, one_of

PREFIX, CYRILLIC = "NC", "НС"
"""What the numbers of requests begin with, in either script."""
NAMED = 20
"""Characters of the number of a request or an order."""


class Subject(StrEnum):
    """What a request is about."""

    GOODS = "goods"
    ORDER = "order"
    DELIVERY = "delivery"
    RETURN = "return"
    ACCOUNT = "account"
    SITE = "site"
    OTHER = "other"


class RequestState(StrEnum):
    """Who has the next word."""

    NEW = "new"
    """We have: nobody has answered what was said last."""
    ANSWERED = "answered"
    CLOSED = "closed"


class Author(StrEnum):
    """Who wrote a message, and for whom."""

    PERSON = "person"
    STAFF = "staff"
    """An answer, which the person gets."""
    NOTE = "note"
    """For colleagues only."""


RequestWords = Annotated[
    str, mapped_column(Text, info=personal("3.4", Purpose.FEEDBACK, Purpose.SUPPORT))
]
"""What was said in a request."""


class ContactRequest(Base):
    """A question, a wish or a fault that somebody told us."""

    __tablename__ = "contact_request"
    __table_args__ = (
        one_of("subject", Subject),
        one_of("state", RequestState),
        {"info": {CONTESTABLE: ("given_name",)}},
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(NAMED), unique=True, info=impersonal())
    submission: Mapped[TokenDigest] = mapped_column(unique=True)
    """Which form it came from, so that a second press makes no second request."""
    person: Mapped[PersonNumber | None]
    email: Mapped[Email]
    email_key: Mapped[EmailKey] = mapped_column(index=True)
    given_name: Mapped[GivenName]
    language: Mapped[str] = mapped_column(String(2), info=impersonal())
    subject: Mapped[str] = mapped_column(String(10), info=impersonal())
    order_number: Mapped[str] = mapped_column(String(NAMED), info=impersonal())
    """The order it is about, as the person or staff named it; empty: none."""
    diagnostics: Mapped[str] = mapped_column(Text, info=personal("3.3", Purpose.SUPPORT))
    """Technical details that the person attached, exactly as shown; empty: none."""
    consent: Mapped[int] = mapped_column(
        ForeignKey("consent_evidence.id"), info=impersonal()
    )
    state: Mapped[str] = mapped_column(String(10), info=impersonal())
    staff: Mapped[ActorNumber | None]
    """Who has taken it."""
    version: Mapped[int] = mapped_column(Integer, info=impersonal())
    asked_at: Mapped[Moment]
    last_at: Mapped[Moment] = mapped_column(index=True)
    """When somebody wrote last; the term counts from here."""


class ContactMessage(Base):
    """One message of a request. Rows never change."""

    __tablename__ = "contact_message"
    __table_args__ = (one_of("author", Author),)

    id: Mapped[Id]
    request: Mapped[int] = mapped_column(
        ForeignKey("contact_request.id", ondelete="CASCADE"),
        index=True,
        info=impersonal(),
    )
    at: Mapped[Moment]
    author: Mapped[str] = mapped_column(String(10), info=impersonal())
    staff: Mapped[ActorNumber | None]
    words: Mapped[RequestWords]
