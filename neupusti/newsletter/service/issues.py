"""Issues: written, tried on oneself, started, paused, resumed (4.1.9, 4.1.10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe

from flask_babel import lazy_gettext as _
from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.config.settings import settings
from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.mail import outbox
from neupusti.core.mail.outbox import Copy, Recipient
from neupusti.core.records import journal
from neupusti.core.records.journal import StaffActionType
from neupusti.core.text.languages import Language
from neupusti.newsletter import queries
from neupusti.newsletter.models import (
    DeliveryState,
    Issue,
    IssueDelivery,
    IssueState,
    IssueText,
    Topic,
    Why,
)
from neupusti.newsletter.service import composing, prices
from neupusti.newsletter.service.errors import IssueError

STARTED = StaffActionType("newsletter.started", _("Started an issue of the newsletter"))
PAUSED = StaffActionType("newsletter.paused", _("Paused an issue of the newsletter"))
RESUMED = StaffActionType("newsletter.resumed", _("Resumed an issue of the newsletter"))
STOPPED = StaffActionType("newsletter.stopped", _("Ended an issue of the newsletter"))
RESENT = StaffActionType("newsletter.resent", _("Sent again what was unsure"))
NO_TOKEN = "0" * 43
"""Stands in copies for staff where a subscriber's own token would."""
ACTIONS = (STARTED, PAUSED, RESUMED, STOPPED, RESENT)
WRONG_STATE = _("The issue is not in the state you saw any more. Look at it again.")
EMPTY = _("Write subject and text in all three languages first.")
NOBODY = _("Nobody is subscribed to this topic, so there is nobody to send it to.")
NO_BIN = _("Advertising names the BIN of the operator, and this site has none set.")
NOT_TENGE = _("Advertising gives prices in tenge. Take out prices in other currencies.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a form says about an issue."""

    topic: Topic
    advertising: bool
    due_at: datetime | None
    texts: Mapping[Language, tuple[str, str]]
    """Subject and text by language; both may be empty yet."""


def save(number: int | None, draft: Draft, *, staff: int) -> int:
    """Save a draft, a new one without `number`; return its number. Raise IssueError."""
    with writing() as session:
        if number is None:
            issue = Issue(
                state=IssueState.DRAFT.value, created_at=clock.now(), created_by=staff
            )
            session.add(issue)
        else:
            issue = _locked(session, number, IssueState.DRAFT)
        issue.topic, issue.advertising = draft.topic.value, draft.advertising
        issue.due_at = draft.due_at
        session.flush()
        for language, (subject, body) in draft.texts.items():
            session.merge(
                IssueText(
                    issue=issue.id, language=language.value, subject=subject, body=body
                )
            )
        return issue.id


def try_out(number: int, person: int) -> None:
    """Send a copy in each language to a member of staff; raise IssueError."""
    with writing() as session:
        issue = session.get_one(Issue, number)
        _check(session, issue)
        email = session.get_one(Person, person).email
        composing.enqueue(
            session,
            issue,
            [
                Copy(
                    to=Recipient(email=email, language=language, person=person),
                    key=f"news-test:{number}:{token_urlsafe(12)}",
                    token=NO_TOKEN,
                )
                for language in Language
            ],
        )


def start(number: int, *, staff: int | None) -> int:
    """Start a draft; return how many it goes to. Raise IssueError.

    `staff` None is the clock, which starts only what is due.
    """
    with writing() as session:
        issue = _locked(session, number, IssueState.DRAFT)
        if staff is None and not queries.is_due(issue):
            raise IssueError(WRONG_STATE)
        _check(session, issue)
        now = clock.now()
        waiting = queries.receiving(issue).add_columns(
            literal(number), literal(DeliveryState.WAITING.value), literal(now)
        )
        names = ["subscriber", "issue", "state", "at"]
        session.execute(insert(IssueDelivery).from_select(names, waiting))
        count = select(func.count()).select_from(IssueDelivery).filter_by(issue=number)
        if not (found := session.scalar(count) or 0):
            raise IssueError(NOBODY)
        issue.state, issue.started_at = IssueState.SENDING.value, now
        _log(session, STARTED, staff, issue)
        return found


def pause(number: int, *, staff: int) -> None:
    """Stop sending: what is in the outbox goes back to waiting. Raise IssueError."""
    with writing() as session:
        issue = _locked(session, number, IssueState.SENDING)
        issue.state = IssueState.PAUSED.value
        take_back(session, number)
        _log(session, PAUSED, staff, issue)


def take_back(session: Session, number: int) -> int:
    """Put what is in the outbox back to waiting; return how many are being transferred."""
    posted = select(IssueDelivery).filter_by(issue=number, state=DeliveryState.POSTED.value)
    posted = posted.where(queries.IN_USE)
    # The rows first, as who unsubscribes locks them: else the two wait for each other.
    locked = posted.order_by(IssueDelivery.subscriber).with_for_update()
    rows = session.scalars(locked).all()
    taken = outbox.drop_queued(session, [row.letter for row in rows if row.letter])
    for row in rows:
        if row.letter in taken:
            row.state, row.at = DeliveryState.WAITING.value, clock.now()
            row.letter = row.posted_at = None
    return len(rows) - len(taken)


def stop(number: int, *, staff: int) -> bool:
    """End a paused issue: who has not got it does not get it. Raise IssueError.

    Return False where somebody who is blocked has not got it: their row may not change, so
    the issue stays paused until it is ended once more.
    """
    with writing() as session:
        issue = _locked(session, number, IssueState.PAUSED)
        if take_back(session, number):
            raise IssueError(WRONG_STATE)
        session.flush()
        left = select(IssueDelivery.subscriber).where(
            IssueDelivery.issue == number,
            IssueDelivery.state.in_((DeliveryState.WAITING, DeliveryState.POSTED)),
        )
        ended = update(IssueDelivery).where(
            IssueDelivery.issue == number,
            IssueDelivery.state == DeliveryState.WAITING.value,
            queries.IN_USE,
        )
        values = {"state": DeliveryState.SKIPPED.value, "why": Why.STOPPED.value}
        session.execute(ended.values(at=clock.now(), **values))
        if all_ended := session.scalar(left.limit(1)) is None:
            # The job writes the result down.
            issue.state = IssueState.SENDING.value
        _log(session, STOPPED, staff, issue)
        return all_ended


def resume(number: int, *, staff: int) -> None:
    """Go on sending a paused issue; raise IssueError."""
    with writing() as session:
        issue = _locked(session, number, IssueState.PAUSED)
        issue.state = IssueState.SENDING.value
        _log(session, RESUMED, staff, issue)


def send_unsure_again(number: int, *, staff: int) -> int:
    """Let a person decide that what was unsure is sent again; raise IssueError."""
    with writing() as session:
        issue = _locked(session, number, IssueState.DONE)
        again = (
            update(IssueDelivery)
            .where(
                IssueDelivery.issue == number,
                IssueDelivery.state == DeliveryState.UNSURE.value,
                queries.IN_USE,
            )
            .values(
                state=DeliveryState.WAITING.value,
                attempt=IssueDelivery.attempt + 1,
                letter=None,
                at=clock.now(),
            )
        )
        count: int = session.execute(again).rowcount  # type: ignore[attr-defined]
        if not count:
            raise IssueError(WRONG_STATE)
        issue.state, issue.done_at = IssueState.SENDING.value, None
        _log(session, RESENT, staff, issue)
        return count


def lock(session: Session, number: int) -> Issue:
    """Return an issue, locked: a pause and the job that posts wait for each other."""
    return session.get_one(Issue, number, with_for_update=True, populate_existing=True)


def _locked(session: Session, number: int, state: IssueState) -> Issue:
    issue = lock(session, number)
    if issue.state != state:
        raise IssueError(WRONG_STATE)
    return issue


def _check(session: Session, issue: Issue) -> None:
    """Raise IssueError where something is missing to send it."""
    texts = queries.texts(session, issue.id)
    if not all(one in texts and texts[one].subject and texts[one].body for one in Language):
        raise IssueError(EMPTY)
    if issue.advertising and not settings().operator_bin:
        raise IssueError(NO_BIN)
    words = [part for one in texts.values() for part in (one.subject, one.body)]
    if issue.advertising and any(map(prices.are_foreign, words)):
        raise IssueError(NOT_TENGE)


def _log(
    session: Session, action: StaffActionType, staff: int | None, issue: Issue
) -> None:
    journal.log_staff_action(session, staff=staff, action=action, what=f"issue {issue.id}")
