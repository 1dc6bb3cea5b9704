"""Send emails to the mail server: one at a time, each at most once.

An email is claimed before its last byte is sent. If the process is killed after that, the
row says so and nobody gets the email twice; if it is killed earlier, the email is retried.
Two senders, such as one that stood still for a while, do not get into each other's way:
whose claim fails takes the next one.
"""

import logging
import smtplib
from collections.abc import Callable
from datetime import timedelta
from time import monotonic

from sqlalchemy import Connection, bindparam, or_, select, update

from neupusti.core import clock
from neupusti.core.data import postgresql
from neupusti.core.data.database import Utc, db, on_postgresql, writing
from neupusti.core.mail import message
from neupusti.core.mail.due import BATCH, DUE, MAY_LEAVE, NEXT, TABLE, parameters
from neupusti.core.mail.living import is_orphaned, living
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.mail.outbox import while_blocked
from neupusti.core.mail.service import Server, Service
from neupusti.core.mail.smtp import (
    ANSWER_SECONDS,
    COMMAND_SECONDS,
    EmailRefusedError,
    ServerError,
    connect,
    error_name,
    transmit,
)

logger = logging.getLogger(__name__)
LONGEST_HANDING = timedelta(seconds=2 * ANSWER_SECONDS + 10 * COMMAND_SECONDS)
"""How long a claim lasts at most: transfer, reply, next claim. Whoever stands still for
longer is given up."""
RUN_SECONDS = 120.0
"""A run takes up no further email after this: the next one follows at once. With all
waiting for the mail server it stays below `core.data.election.LONGEST_RUN_SECONDS`."""
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=6)
ATTEMPTS = 20
"""They take some two and a half days."""
PERMANENT = range(500, 600)
UNWRITABLE = "550 cannot be written"


CLAIM = (
    update(TABLE)
    .where(
        TABLE.c.id
        == select(TABLE.c.id)
        .where(
            TABLE.c.id == bindparam("number"),
            TABLE.c.state == OutboxState.QUEUED.value,
            MAY_LEAVE,
        )
        .correlate(None)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    .values(state=OutboxState.HANDING.value, next_at=bindparam("at", type_=Utc))
)
"""The last attempt begins now: whether a block stood against it is proved by that."""
ENDING = ("state", "done_at", "reason", "text", "html", "headers")
"""The columns that the end of an email changes."""
END = (
    update(TABLE)
    .where(TABLE.c.id == bindparam("number"))
    .values({name: bindparam(f"its_{name}") for name in ENDING})
)


class AlreadyClaimedError(Exception):
    """Another sender has claimed this email, or it was withdrawn from the outbox.

    The server still expects the body: only closing the connection cancels it.
    """


class Sender:
    """Sends due emails."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.recovered = False
        self.claimed: int | None = None
        """The email it is sending, from its claim on."""
        self.sent: OutboxEmail | None = None
        """An email the server has accepted, which the next commit records."""
        self.ahead: OutboxEmail | None = None
        """The email after it."""

    def run(self) -> None:
        """Send the due emails; called periodically by one worker of the site."""
        if (server := self.service.server) is None:
            return
        if not self.recovered:
            _recover()
            # On PostgreSQL others die at any time.
            self.recovered = not on_postgresql(db.session())
        end = monotonic() + RUN_SECONDS
        while _next():
            try:
                self._send_batch(server, end)
            except AlreadyClaimedError:
                pass
            except ServerError as error:
                _delay_all(_numbers(), str(error))
                logger.warning("mail server", extra={"fields": {"reason": str(error)}})
                return
            if monotonic() >= end:
                return

    def _send_batch(self, server: Server, end: float) -> None:
        """Send due emails over one connection, until `end`.

        Raise ServerError or AlreadyClaimedError. The next one is looked up with each claim:
        an urgent one overtakes all but two.
        """
        smtp = connect(server)
        # One connection for all claims: a session would ask for one, and try it, each time.
        with (
            db.engine.connect().execution_options(begin_immediate=True) as database,
            living() as mark,
        ):
            try:
                for _ in range(BATCH):
                    email, self.ahead = self.ahead or _next(), None
                    if email is None:
                        return
                    self._send(smtp, database, mark, email)
                    if monotonic() >= end:
                        return
            finally:
                self.ahead = None
                self._record_sent(database)
                smtp.close()

    def _send(
        self,
        smtp: smtplib.SMTP,
        database: Connection,
        mark: Callable[[int], bool],
        email: OutboxEmail,
    ) -> None:
        self.claimed = None
        number, sender, recipient = email.id, self.service.sender, email.recipient
        try:
            body = message.build(email, self.service)
        except (ValueError, IndexError):
            # It would stay the next one for ever, and stop all others.
            self._record_failure(number, UNWRITABLE, last=True)
            return

        def claim() -> None:
            if not mark(number):
                raise AlreadyClaimedError
            self._claim(database, number)

        try:
            transmit(smtp, sender, recipient, body, claim)
        except EmailRefusedError as error:
            reason, last = f"{error.code} {error.reply}", error.code in PERMANENT
            self._record_failure(number, reason, last=last)
            _reset(smtp)
        except (OSError, smtplib.SMTPException) as error:
            # Without a reply the server has not accepted it (RFC 5321, 4.2.5).
            self._record_failure(number, error_name(error))
            raise ServerError(error_name(error)) from error
        else:
            email.end(OutboxState.SENT, clock.now())
            self.sent = email

    def _claim(self, database: Connection, number: int) -> None:
        """Claim an email, and record in the same commit that the one before was sent."""
        with database.begin():
            postgresql.limit_idle(database)
            self._end_sent(database)
            its = {"number": number, "at": clock.now(), "while_blocked": while_blocked()}
            if database.execute(CLAIM, its).rowcount != 1:
                raise AlreadyClaimedError
            found = database.execute(NEXT, parameters()).mappings().first()
        self.claimed, self.sent = number, None
        self.ahead = OutboxEmail(**found) if found else None

    def _record_sent(self, database: Connection) -> None:
        if self.sent is not None:
            with database.begin():
                postgresql.limit_idle(database)
                self._end_sent(database)
            self.sent = None

    def _end_sent(self, database: Connection) -> None:
        if self.sent is not None:
            values = {f"its_{name}": getattr(self.sent, name) for name in ENDING}
            values["number"] = self.sent.id
            database.execute(END, values)

    def _record_failure(self, number: int, reason: str, *, last: bool = False) -> None:
        """Count an attempt, unless meanwhile the email became another's matter."""
        mine = OutboxState.HANDING if number == self.claimed else OutboxState.QUEUED
        row = select(OutboxEmail).filter_by(id=number, state=mine.value).with_for_update()
        with writing() as session:
            if (email := session.scalar(row)) is not None:
                # Servers often quote the address; the reason must not hold it.
                blanked = reason.replace(email.recipient, "…")[:500]
                _count_attempt(email, blanked, last=last)


def _reset(smtp: smtplib.SMTP) -> None:
    """Ready a connection for the next email; raise ServerError where it ended (421)."""
    try:
        smtp.rset()
    except (OSError, smtplib.SMTPException) as error:
        raise ServerError(error_name(error)) from error


def backoff(attempts: int) -> timedelta:
    """Return the delay after `attempts` attempts: it doubles each time."""
    return min(FIRST_DELAY * (1 << min(attempts - 1, 16)), LONGEST_DELAY)


def _next() -> OutboxEmail | None:
    """Return the email that leaves next."""
    with db.engine.connect() as database:
        found = database.execute(NEXT, parameters()).mappings().first()
    return OutboxEmail(**found) if found else None


def _numbers() -> list[int]:
    """Return the numbers of due emails, at most those of one connection."""
    found = list(db.session.scalars(DUE, parameters()))
    db.session.rollback()
    return found


def _recover() -> None:
    """Mark as unsure what a killed worker was sending."""
    handing = [OutboxEmail.state == OutboxState.HANDING.value]
    if on_postgresql(db.session()):
        is_old = OutboxEmail.next_at <= clock.now() - LONGEST_HANDING
        handing.append(or_(is_old, is_orphaned()))
    # The session would keep its transaction, and its lock on the table, for the whole run.
    with db.engine.connect() as database:
        if database.scalar(select(OutboxEmail.id).where(*handing).limit(1)) is None:
            return
    with writing() as session:
        for email in session.scalars(select(OutboxEmail).where(*handing).with_for_update()):
            email.end(OutboxState.UNSURE, clock.now(), "killed")


def _delay_all(numbers: list[int], reason: str) -> None:
    with writing() as session:
        listed = select(OutboxEmail).where(
            OutboxEmail.id.in_(numbers), OutboxEmail.state == OutboxState.QUEUED.value
        )
        for email in session.scalars(listed.with_for_update(skip_locked=True)):
            _count_attempt(email, reason)


def _count_attempt(email: OutboxEmail, reason: str, *, last: bool = False) -> None:
    """Queue an email for its next attempt, or end it after the last one."""
    now = clock.now()
    email.attempts += 1
    if last or email.attempts >= ATTEMPTS:
        email.end(OutboxState.REFUSED, now, reason)
        return
    email.state = OutboxState.QUEUED.value
    email.next_at = now + backoff(email.attempts)
    email.reason = reason
