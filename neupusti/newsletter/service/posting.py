"""The job that moves issues on: from waiting rows to the outbox, a few at a time.

Emails of news are posted in small batches behind those of the service, each once: its key
names issue, subscriber and attempt. What became of an email is copied to its row.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from neupusti.config.settings import settings
from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail, OutboxState, Priority
from neupusti.core.mail.outbox import Copy, Recipient
from neupusti.core.text.languages import Language
from neupusti.newsletter import queries
from neupusti.newsletter.models import (
    DeliveryState,
    Issue,
    IssueDelivery,
    IssueState,
    Subscriber,
    SubscriberState,
    Why,
)
from neupusti.newsletter.service import composing, ending, issues, links, suppression
from neupusti.newsletter.service.errors import IssueError

EVERY = timedelta(seconds=2)
BATCH = 50
"""Emails of news in the outbox at a time that are due now."""
MOST_WAITING = 20 * BATCH
"""With those to be tried later: a dead server must not draw a whole issue in."""
MINUTE = timedelta(minutes=1)
ENDS = {
    OutboxState.SENT.value: DeliveryState.SENT,
    OutboxState.KEPT.value: DeliveryState.SENT,
    OutboxState.REFUSED.value: DeliveryState.REFUSED,
    OutboxState.UNSURE.value: DeliveryState.UNSURE,
}
"""State of an email that is done -> that of its row."""


def run() -> None:
    """Start what is due, and move on every issue that is not done."""
    start_due()
    for number in _open():
        copy_ends(number)
        while post(number):
            pass
        finish(number)


def start_due() -> None:
    """Start the drafts whose time has come, unless it is long past."""
    now = clock.now()
    due = select(Issue.id).where(
        Issue.state == IssueState.DRAFT.value,
        Issue.due_at <= now,
        Issue.due_at > now - queries.LATE,
    )
    numbers = db.session.scalars(due).all()
    db.session.rollback()
    for number in numbers:
        try:
            issues.start(number, staff=None)
        except IssueError:
            continue


def post(number: int) -> int:
    """Put the next emails of an issue into the outbox; return how many rows were done."""
    with writing() as session:
        issue = issues.lock(session, number)
        most = _room(session)
        if issue.state != IssueState.SENDING or not most:
            return 0
        rows = session.execute(
            select(IssueDelivery, Subscriber)
            .join(Subscriber, Subscriber.id == IssueDelivery.subscriber)
            .where(
                IssueDelivery.issue == number,
                IssueDelivery.state == DeliveryState.WAITING.value,
                queries.IN_USE,
            )
            .order_by(IssueDelivery.subscriber)
            .limit(most)
            .with_for_update(skip_locked=True, of=IssueDelivery)
            .execution_options(populate_existing=True)
        ).all()
        if rows:
            _post(session, issue, [(row[0], row[1]) for row in rows])
        return len(rows)


def copy_ends(number: int) -> None:
    """Copy to their rows what became of the emails of an issue.

    What the server did not take is taken back, where meanwhile nobody wants it: while it
    was being transferred, neither a pause nor unsubscribing could.
    """
    came_back = (OutboxEmail.state == OutboxState.QUEUED.value) & (OutboxEmail.attempts > 0)
    ended = (
        select(IssueDelivery, OutboxEmail)
        .join(OutboxEmail, OutboxEmail.id == IssueDelivery.letter)
        .where(
            IssueDelivery.issue == number,
            IssueDelivery.state == DeliveryState.POSTED.value,
            OutboxEmail.state.in_(ENDS) | came_back,
            queries.IN_USE,
        )
    )
    with writing() as session:
        # Before any row is written: a pause locks the issue, then its rows.
        issue, back = issues.lock(session, number), []
        for row, email in session.execute(ended):
            if email.state not in ENDS:
                back.append(row.subscriber)
                continue
            row.state, row.at = ENDS[email.state].value, email.done_at or clock.now()
            if row.state == DeliveryState.REFUSED:
                no_mailbox = suppression.is_permanent(email.reason)
                row.why = (Why.BOUNCED if no_mailbox else Why.SERVER).value
                if no_mailbox:
                    suppression.suppress(session, Why.BOUNCED, email.recipient)
        if back:
            _take_back(session, issue, back)


def _take_back(session: Session, issue: Issue, numbers: Sequence[int]) -> None:
    """Take back the emails of these subscribers that are not to be tried again."""
    if issue.state == IssueState.PAUSED:
        issues.take_back(session, issue.id)
        return
    subscribers = select(Subscriber).where(Subscriber.id.in_(numbers))
    why_not = _reasons(session, issue, session.scalars(subscribers).all())
    for number, why in why_not.items():
        ending.skip(session, [number], why, advertising=issue.advertising or None)


def finish(number: int) -> None:
    """Write down the result of an issue of which nothing is left to do."""
    open_states = (DeliveryState.WAITING.value, DeliveryState.POSTED.value)
    with writing() as session:
        issue = issues.lock(session, number)
        left = select(IssueDelivery).where(
            IssueDelivery.issue == number, IssueDelivery.state.in_(open_states)
        )
        if issue.state != IssueState.SENDING or session.scalar(left.limit(1)):
            return
        found = queries.progress(issue).by_state
        issue.sent = found.get(DeliveryState.SENT, 0)
        issue.refused = found.get(DeliveryState.REFUSED, 0)
        issue.unsure = found.get(DeliveryState.UNSURE, 0)
        issue.skipped = found.get(DeliveryState.SKIPPED, 0)
        issue.state, issue.done_at = IssueState.DONE.value, clock.now()


def _open() -> Sequence[int]:
    states = (IssueState.SENDING.value, IssueState.PAUSED.value)
    found = db.session.scalars(
        select(Issue.id).where(Issue.state.in_(states)).order_by(Issue.id)
    ).all()
    db.session.rollback()
    return found


def _room(session: Session) -> int:
    """Return how many emails may be posted now: by the outbox, and by the minute."""
    now = clock.now()
    is_due = OutboxEmail.next_at <= now
    queued = select(func.count(), func.count().filter(is_due)).where(
        OutboxEmail.state == OutboxState.QUEUED.value,
        OutboxEmail.priority == Priority.NEWS,
    )
    lately = select(func.count()).where(IssueDelivery.posted_at > now - MINUTE)
    waiting, due = session.execute(queued).one()
    return max(
        0,
        min(
            BATCH - due,
            MOST_WAITING - waiting,
            settings().news_per_minute - (session.scalar(lately) or 0),
        ),
    )


def _post(
    session: Session, issue: Issue, rows: Sequence[tuple[IssueDelivery, Subscriber]]
) -> None:
    now = clock.now()
    why_not = _reasons(session, issue, [subscriber for _row, subscriber in rows])
    copies = [_copy(*pair) for pair in rows if pair[1].id not in why_not]
    numbers = composing.enqueue(session, issue, copies)
    # Each row is written once: a second time PostgreSQL would look at its subscriber.
    for row, subscriber in rows:
        row.at = now
        if (why := why_not.get(subscriber.id)) is not None:
            row.state, row.why = DeliveryState.SKIPPED.value, why.value
        else:
            row.state, row.posted_at = DeliveryState.POSTED.value, now
            row.letter = numbers[_key(row)]


def _copy(row: IssueDelivery, subscriber: Subscriber) -> Copy:
    to = Recipient(
        email=subscriber.email,
        language=Language(subscriber.language),
        person=subscriber.person,
    )
    return Copy(to=to, key=_key(row), token=links.token_of(subscriber))


def _key(row: IssueDelivery) -> str:
    return f"news:{row.issue}:{row.subscriber}:{row.attempt}"


def _reasons(
    session: Session, issue: Issue, subscribers: Sequence[Subscriber]
) -> dict[int, Why]:
    """Return why some get nothing: what was true at the start may not be so now."""
    numbers = [one.id for one in subscribers]
    condition = queries.consented(advertising=issue.advertising)
    consented = set(
        session.scalars(select(Subscriber.id).where(Subscriber.id.in_(numbers), condition))
    )
    suppressed = suppression.suppressed(session, *(one.email for one in subscribers))
    found = {}
    for one in subscribers:
        if one.state != SubscriberState.ACTIVE:
            found[one.id] = Why.UNSUBSCRIBED
        elif one.id not in consented:
            found[one.id] = Why.NO_CONSENT
        elif one.email in suppressed:
            found[one.id] = suppressed[one.email]
    return found
