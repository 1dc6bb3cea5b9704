"""Selects of the newsletter: who gets an issue, its progress, lists for staff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from sqlalchemy import ColumnElement, Select, Table, func, select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.blocking.conditions import covered
from neupusti.core.data.database import db
from neupusti.core.records.consents import FormConsent
from neupusti.core.text.languages import Language
from neupusti.newsletter.models import (
    CampaignOrders,
    DeliveryState,
    Issue,
    IssueDelivery,
    IssueState,
    IssueText,
    Subscriber,
    SubscriberState,
    Subscription,
)

LATE = timedelta(hours=1)
"""An issue whose time passed longer ago starts by hand only: a database may have been
restored from a backup."""
FEW = 5
"""Counts below are not shown: they could be about one person."""

IN_USE = ~covered(cast("Table", IssueDelivery.__table__))
"""Who is blocked gets what waits for them once the block has ended."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an issue is."""

    by_state: Mapping[str, int]
    why: Sequence[tuple[str, str, int]]
    """State, reason and number of what was not sent."""

    @property
    def total(self) -> int:
        """All its recipients."""
        return sum(self.by_state.values())

    @property
    def open(self) -> int:
        """Those whose email has not left."""
        waiting = (DeliveryState.WAITING, DeliveryState.POSTED)
        return sum(self.by_state.get(state.value, 0) for state in waiting)


def receiving(issue: Issue) -> Select[int]:
    """Select the subscribers an issue is for: active, of its topic, with the consent."""
    topic = select(Subscription.subscriber).filter_by(topic=issue.topic)
    return select(Subscriber.id).where(
        Subscriber.state == SubscriberState.ACTIVE.value,
        Subscriber.id.in_(topic),
        ~covered(cast("Table", Subscriber.__table__)),
        consented(advertising=issue.advertising),
    )


def consented(*, advertising: bool) -> ColumnElement[bool]:
    """Return the condition that the consent a subscriber needs is in force."""
    consent = Subscriber.ad_consent if advertising else Subscriber.news_consent
    ended = select(FormConsent.ends).where(FormConsent.ends == consent).exists()
    return consent.is_not(None) & ~ended


def count_receiving(session: Session, issue: Issue) -> int:
    """Return how many subscribers an issue would go to."""
    found = receiving(issue).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def is_due(issue: Issue) -> bool:
    """Return whether the time of an issue has come, and is not long past."""
    return issue.due_at is not None and timedelta() <= clock.now() - issue.due_at < LATE


def texts(session: Session, issue: int) -> dict[Language, IssueText]:
    """Return the texts of an issue by language."""
    rows = session.scalars(select(IssueText).filter_by(issue=issue))
    return {Language(row.language): row for row in rows}


def progress(issue: Issue) -> Progress:
    """Return how far an issue is; once done it is what was written down then."""
    if issue.done_at is not None:
        names = ("sent", "refused", "unsure", "skipped")
        return Progress({name: getattr(issue, name) for name in names}, _why(issue.id))
    rows = db.session.execute(
        select(IssueDelivery.state, func.count())
        .filter_by(issue=issue.id)
        .group_by(IssueDelivery.state)
    )
    return Progress({row[0]: row[1] for row in rows}, _why(issue.id))


def _why(issue: int) -> Sequence[tuple[str, str, int]]:
    rows = db.session.execute(
        select(IssueDelivery.state, IssueDelivery.why, func.count())
        .where(IssueDelivery.issue == issue, IssueDelivery.why != "")
        .group_by(IssueDelivery.state, IssueDelivery.why)
        .order_by(IssueDelivery.state, IssueDelivery.why)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def issues(language: Language, limit: int = 100) -> Sequence[tuple[Issue, str]]:
    """Return the newest issues, each with its subject in `language`."""
    subject = (IssueText.issue == Issue.id) & (IssueText.language == language.value)
    rows = db.session.execute(
        select(Issue, IssueText.subject)
        .outerjoin(IssueText, subject)
        .order_by(Issue.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1] or "") for row in rows]


def count_late() -> int:
    """Return how many drafts have passed their time and wait for a person."""
    late = select(func.count()).where(
        Issue.state == IssueState.DRAFT.value, Issue.due_at <= clock.now() - LATE
    )
    return db.session.scalar(late) or 0


def counts() -> dict[str, int]:
    """Return the number of active subscribers of each topic, and of all."""
    rows = db.session.execute(
        select(Subscription.topic, func.count())
        .join(Subscriber, Subscriber.id == Subscription.subscriber)
        .where(Subscriber.state == SubscriberState.ACTIVE.value)
        .group_by(Subscription.topic)
    )
    return {row[0]: row[1] for row in rows}


def campaigns() -> Sequence[tuple[str, int | None]]:
    """Return campaigns with their orders; None where there are fewer than FEW."""
    rows = db.session.scalars(
        select(CampaignOrders).order_by(CampaignOrders.orders.desc()).limit(100)
    )
    return [(row.campaign, row.orders if row.orders >= FEW else None) for row in rows]
