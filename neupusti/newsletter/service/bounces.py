"""Reports of undelivered mail (RFC 3464): mailboxes that do not exist get no more news."""

from email import message_from_bytes, policy
from email.message import Message
from enum import StrEnum

from sqlalchemy import select

from neupusti.core.data.database import writing
from neupusti.core.text import emails
from neupusti.core.text.emails import EmailError
from neupusti.newsletter.models import Subscriber, Why
from neupusti.newsletter.service import suppression

REPORT, ADDRESS_TYPE = "message/delivery-status", "rfc822"


class Outcome(StrEnum):
    """What a report led to."""

    SUPPRESSED = "suppressed"
    TEMPORARY = "temporary"
    UNKNOWN = "unknown"
    NO_REPORT = "no report"


def read(report: bytes) -> Outcome:
    """Read one report; let addresses of subscribers that do not exist get no news."""
    try:
        recipients = _recipients(report)
    except RecursionError:
        # Messages in messages without end: anybody can write to this address.
        recipients = []
    if not recipients:
        return Outcome.NO_REPORT
    gone = [address for part in recipients if (address := _gone(part))]
    if not gone:
        return Outcome.TEMPORARY
    with writing() as session:
        known = select(Subscriber).where(Subscriber.email_key.in_(map(emails.key, gone)))
        subscribers = session.scalars(known).all()
        for subscriber in subscribers:
            suppression.suppress(session, Why.BOUNCED, subscriber.email)
    return Outcome.SUPPRESSED if subscribers else Outcome.UNKNOWN


def _recipients(report: bytes) -> list[Message]:
    """Return the parts of a report that each speak of one recipient."""
    message = message_from_bytes(report, policy=policy.compat32)
    return [
        part
        for found in message.walk()
        if found.get_content_type() == REPORT
        for part in found.get_payload()
        if isinstance(part, Message) and part.get("Final-Recipient")
    ]


def _gone(part: Message) -> str | None:
    """Return the recipient of a part that says there is no such mailbox, or None."""
    kind, _, address = str(part["Final-Recipient"]).partition(";")
    status = str(part.get("Status", "")).partition(" ")[0].strip()
    if str(part.get("Action", "")).strip().lower() != "failed":
        return None
    if kind.strip().lower() != ADDRESS_TYPE or not suppression.NO_MAILBOX.fullmatch(status):
        return None
    try:
        return emails.parse(address.strip().strip("<>"))
    except EmailError:
        return None
