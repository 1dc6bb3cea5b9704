"""The outbox: one row per email, written with the change that causes it."""

import json
import re
from datetime import datetime
from enum import IntEnum, StrEnum

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.data.classification import (
    Email,
    EmailKey,
    Id,
    Label,
    LongText,
    Moment,
    PersonalText,
    PersonNumber,
    impersonal,
)
from neupusti.core.data.database import Base, one_of
from neupusti.core.text import emails

TOKEN = re.compile(r"(?<=/)[\w-]{43}(?![\w-])", re.ASCII)
"""The one-time token of a link (`core.security.tokens`), as a part of its path."""
CODE = re.compile(r"(?<![\w-])(?:[0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}(?![\w-])")
"""The code that opens a page together with a number (`rights.service.requests`)."""
BLANK = "…"


class Priority(IntEnum):
    """Which emails leave first: those of the service overtake the news."""

    SERVICE = 0
    NEWS = 1


class OutboxState(StrEnum):
    """The state of an email in the outbox."""

    QUEUED = "queued"
    HANDING = "handing"
    """The transfer has begun; the server has not confirmed it yet."""
    SENT = "sent"
    KEPT = "kept"
    """No server is configured: staff and `flask mail list` can read the email."""
    REFUSED = "refused"
    """The server rejected it, or too many attempts failed; `reason` says why."""
    UNSURE = "unsure"
    """The process ended during the transfer. It is not retried automatically: the server
    most likely has it, and nobody may get an email twice."""


class OutboxEmail(Base):
    """One email to one person. `key` names its cause: one email per key, ever."""

    __tablename__ = "letter"
    __table_args__ = (
        one_of("state", OutboxState),
        Index(None, "state", "priority", "next_at"),
    )

    id: Mapped[Id]
    key: Mapped[Label] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(String(60), info=impersonal())
    person: Mapped[PersonNumber | None]
    """Whose doing it reports; it may go to an address that is not theirs yet."""
    recipient: Mapped[Email]
    recipient_key: Mapped[EmailKey] = mapped_column(
        index=True,
        default=lambda row: emails.key(row.get_current_parameters()["recipient"]),
    )
    language: Mapped[str] = mapped_column(String(2), info=impersonal())
    subject: Mapped[Label]
    """Without personal data: subjects are shown on locked screens (1.1.4)."""
    text: Mapped[PersonalText]
    html: Mapped[PersonalText]
    headers: Mapped[PersonalText]
    """Additional headers as JSON."""
    state: Mapped[str] = mapped_column(String(10), info=impersonal())
    priority: Mapped[int] = mapped_column(Integer, default=0, info=impersonal())
    """Emails of a lower number leave first (`Priority`)."""
    attempts: Mapped[int] = mapped_column(Integer, info=impersonal())
    created_at: Mapped[Moment] = mapped_column(index=True)
    next_at: Mapped[Moment]
    """The time of the next attempt; once it is claimed, when that was."""
    done_at: Mapped[Moment | None]
    reason: Mapped[LongText]
    """The last reply of the server, without the address."""

    @property
    def further_headers(self) -> dict[str, str]:
        """The additional headers."""
        found: dict[str, str] = json.loads(self.headers)
        return found

    def end(self, state: OutboxState, at: datetime, reason: str = "") -> None:
        """Record that it is sent or given up, and blank its secrets: tokens and codes.

        What a link is for stays readable; a stolen table opens nothing. Of news nothing
        stays: their text is stored once, with the issue.
        """
        self.state, self.done_at, self.reason = state.value, at, reason
        if self.priority == Priority.NEWS:
            self.text, self.html, self.headers = "", "", "{}"
            return
        self.text, self.html = blanked(self.text), blanked(self.html)
        self.headers = blanked(self.headers)


def blanked(text: str) -> str:
    """Return the text of an email without the secrets that open a page."""
    return CODE.sub(BLANK, TOKEN.sub(BLANK, text))
