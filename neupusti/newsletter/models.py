"""Subscribers, issues, and the delivery of each issue to each subscriber."""

from enum import StrEnum
from typing import Annotated

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.data.classification import (
    ActorNumber,
    Id,
    Label,
    LongText,
    Moment,
    PersonNumber,
    Purpose,
    derived,
    impersonal,
    personal,
)
from neupusti.core.data.database import Base, one_of

NEWS_PURPOSES = (Purpose.NEWS, Purpose.ADVERTISING)
NewsEmail = Annotated[
    str, mapped_column(String(254), info=personal("3.2.3", *NEWS_PURPOSES))
]
"""An address that news go to, as `core.text.emails.parse` returns it."""
HASH_USE = "suppression"
Code = Annotated[str, mapped_column(String(10), info=impersonal())]
"""A value of one of the enumerations below, or a language."""
Count = Annotated[int, mapped_column(Integer, default=0, info=impersonal())]


class Topic(StrEnum):
    """What a subscriber may hear about."""

    GOODS = "goods"
    SHOP = "shop"
    ADVICE = "advice"


class SubscriberState(StrEnum):
    """The state of a subscription."""

    PENDING = "pending"
    """The address is not confirmed: it gets the email that asks, and nothing else."""
    ACTIVE = "active"
    ENDED = "ended"


class IssueState(StrEnum):
    """The state of an issue."""

    DRAFT = "draft"
    SENDING = "sending"
    PAUSED = "paused"
    DONE = "done"


class DeliveryState(StrEnum):
    """The state of one issue for one subscriber."""

    WAITING = "waiting"
    POSTED = "posted"
    """Its email is in the outbox."""
    SENT = "sent"
    REFUSED = "refused"
    UNSURE = "unsure"
    """The process ended during the transfer: only a person may send it again."""
    SKIPPED = "skipped"


DONE = tuple(DeliveryState(name).value for name in ("sent", "refused", "unsure", "skipped"))
"""What is not done waits, however long its issue is paused."""


class Why(StrEnum):
    """Why a delivery was skipped or refused, or an address gets no news."""

    UNSUBSCRIBED = "ended"
    NO_CONSENT = "no consent"
    BOUNCED = "bounced"
    SERVER = "server"
    STOPPED = "stopped"
    """Staff ended the issue."""


class Subscriber(Base):
    """An address that news go to, or did until lately."""

    __tablename__ = "subscriber"
    __table_args__ = (one_of("state", SubscriberState),)

    id: Mapped[Id]
    email: Mapped[NewsEmail]
    email_key: Mapped[str] = mapped_column(
        String(254), unique=True, info=derived("3.2.3", *NEWS_PURPOSES)
    )
    language: Mapped[Code]
    person: Mapped[PersonNumber | None]
    state: Mapped[Code] = mapped_column(index=True)
    advertising: Mapped[bool] = mapped_column(Boolean, info=impersonal())
    """Whether advertising was asked for at the sign-up; `ad_consent` proves the consent."""
    version: Mapped[int] = mapped_column(Integer, default=1, info=impersonal())
    """Raised when the address changes: links in emails to the former one end."""
    asked_at: Mapped[Moment] = mapped_column(index=True)
    letter_at: Mapped[Moment]
    """When the last email that asks for confirmation was written."""
    letters: Mapped[Count]
    """How many of them since the last confirmation."""
    confirmed_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None] = mapped_column(index=True)
    news_consent: Mapped[int | None] = mapped_column(
        ForeignKey("consent_evidence.id"), info=impersonal()
    )
    ad_consent: Mapped[int | None] = mapped_column(
        ForeignKey("consent_evidence.id"), info=impersonal()
    )


class Subscription(Base):
    """A topic that a subscriber chose."""

    __tablename__ = "subscription"

    subscriber: Mapped[int] = mapped_column(
        ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True, info=impersonal()
    )
    topic: Mapped[Code] = mapped_column(primary_key=True)


class Issue(Base):
    """One issue of the newsletter; the four numbers are its result once it is done."""

    __tablename__ = "issue"
    __table_args__ = (one_of("state", IssueState),)

    id: Mapped[Id]
    topic: Mapped[Code]
    advertising: Mapped[bool] = mapped_column(Boolean, info=impersonal())
    state: Mapped[Code] = mapped_column(index=True)
    due_at: Mapped[Moment | None]
    """When a draft starts by itself; None: when somebody starts it."""
    created_at: Mapped[Moment] = mapped_column(index=True)
    created_by: Mapped[ActorNumber]
    started_at: Mapped[Moment | None]
    done_at: Mapped[Moment | None]
    sent: Mapped[Count]
    refused: Mapped[Count]
    unsure: Mapped[Count]
    skipped: Mapped[Count]


class IssueText(Base):
    """Subject and text of an issue in one language."""

    __tablename__ = "issue_text"

    issue: Mapped[int] = mapped_column(
        ForeignKey("issue.id", ondelete="CASCADE"), primary_key=True, info=impersonal()
    )
    language: Mapped[Code] = mapped_column(primary_key=True)
    subject: Mapped[Label]
    body: Mapped[LongText]


class IssueDelivery(Base):
    """What became of one issue for one subscriber."""

    __tablename__ = "issue_delivery"
    __table_args__ = (one_of("state", DeliveryState), Index(None, "issue", "state"))

    issue: Mapped[int] = mapped_column(
        ForeignKey("issue.id", ondelete="CASCADE"), primary_key=True, info=impersonal()
    )
    subscriber: Mapped[int] = mapped_column(
        ForeignKey("subscriber.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
        info=impersonal(),
    )
    state: Mapped[Code]
    why: Mapped[str] = mapped_column(String(20), default="", info=impersonal())
    letter: Mapped[int | None] = mapped_column(Integer, index=True, info=impersonal())
    """The email in the outbox."""
    attempt: Mapped[int] = mapped_column(Integer, default=1, info=impersonal())
    """Raised when a person sends again what was unsure."""
    at: Mapped[Moment] = mapped_column(index=True)
    """When it came into this state."""
    posted_at: Mapped[Moment | None] = mapped_column(index=True)


class Suppression(Base):
    """An address that gets no news, under a keyed hash that cannot be read."""

    __tablename__ = "suppression"

    hash: Mapped[str] = mapped_column(
        String(64),
        primary_key=True,
        info=derived("3.2.3", *NEWS_PURPOSES, keyed_by=HASH_USE),
    )
    since: Mapped[Moment]
    why: Mapped[str] = mapped_column(String(20), info=impersonal())


class CampaignOrders(Base):
    """How many orders came by a campaign, from those who agreed to be counted."""

    __tablename__ = "campaign_orders"

    campaign: Mapped[Label] = mapped_column(primary_key=True)
    orders: Mapped[Count]
    last_at: Mapped[Moment] = mapped_column(index=True)
