"""Send emails to the mail server: one at a time, each at most once.

An email is claimed before its last byte is sent. If the process is killed after that, the
row says so and nobody gets the email twice; if it is killed earlier, the email is retried.
"""

import logging
import re
import smtplib
import ssl
from collections.abc import Callable
from datetime import timedelta
from typing import cast

from sqlalchemy import Connection, bindparam, select, update

from neupusti.core import clock
from neupusti.core.data.database import Utc, db, writing
from neupusti.core.mail import message
from neupusti.core.mail.due import BATCH, DUE, MAY_LEAVE, NEXT, TABLE, parameters
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.mail.outbox import while_blocked
from neupusti.core.mail.service import Server, Service

logger = logging.getLogger(__name__)
COMMAND_SECONDS = 30
ANSWER_SECONDS = 600
"""The timeout of the final reply (RFC 5321, 4.5.3.2.6): a shorter one duplicates."""
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=6)
ATTEMPTS = 20
"""They take some two and a half days."""
PERMANENT = range(500, 600)
UNWRITABLE = "550 cannot be written"
LINE_START_DOT = re.compile(rb"(?m)^\.")


CLAIM = (
    update(TABLE)
    .where(
        TABLE.c.id == bindparam("number"),
        TABLE.c.state == OutboxState.QUEUED.value,
        MAY_LEAVE,
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


class EmailRefusedError(Exception):
    """The server rejected this email, for good or temporarily, according to `code`."""

    def __init__(self, code: int, reply: bytes) -> None:
        super().__init__(code)
        self.code = code
        self.reply = reply.decode("utf-8", "replace")


class AlreadyClaimedError(Exception):
    """Another worker is sending this email, or it was withdrawn from the outbox.

    The server still expects the body: only closing the connection cancels it.
    """


class ServerError(Exception):
    """The server is unreachable, or does not follow the protocol."""


class Sender:
    """Sends due emails."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.recovered = False
        self.sent: OutboxEmail | None = None
        """An email the server has accepted, which the next commit records."""
        self.ahead: OutboxEmail | None = None
        """The email after it."""

    def run(self) -> None:
        """Send every due email; called periodically by one worker."""
        if (server := self.service.server) is None:
            return
        if not self.recovered:
            _recover()
            self.recovered = True
        while _next():
            try:
                self._send_batch(server)
            except AlreadyClaimedError:
                return
            except ServerError as error:
                _delay_all(_numbers(), str(error))
                logger.warning("mail server", extra={"fields": {"reason": str(error)}})
                return

    def _send_batch(self, server: Server) -> None:
        """Send due emails over one connection; raise ServerError or AlreadyClaimedError.

        The next one is looked up with each claim: an urgent one overtakes all but two.
        """
        smtp = connect(server)
        # One connection for all claims: a session would ask for one, and try it, each time.
        with db.engine.connect().execution_options(begin_immediate=True) as database:
            try:
                for _ in range(BATCH):
                    email, self.ahead = self.ahead or _next(), None
                    if email is None:
                        return
                    self._send(smtp, database, email)
            finally:
                self.ahead = None
                self._record_sent(database)
                smtp.close()

    def _send(self, smtp: smtplib.SMTP, database: Connection, email: OutboxEmail) -> None:
        number, sender, recipient = email.id, self.service.sender, email.recipient
        try:
            body = message.build(email, self.service)
        except (ValueError, IndexError):
            # It would stay the next one for ever, and stop all others.
            _record_failure(number, UNWRITABLE, last=True)
            return
        try:
            transmit(smtp, sender, recipient, body, lambda: self._claim(database, number))
        except EmailRefusedError as error:
            reason, last = f"{error.code} {error.reply}", error.code in PERMANENT
            _record_failure(number, reason, last=last)
            _reset(smtp)
        except (OSError, smtplib.SMTPException) as error:
            # Without a reply the server has not accepted it (RFC 5321, 4.2.5).
            _record_failure(number, _error_name(error))
            raise ServerError(_error_name(error)) from error
        else:
            email.end(OutboxState.SENT, clock.now())
            self.sent = email

    def _claim(self, database: Connection, number: int) -> None:
        """Claim an email, and record in the same commit that the one before was sent."""
        with database.begin():
            self._end_sent(database)
            its = {"number": number, "at": clock.now(), "while_blocked": while_blocked()}
            if database.execute(CLAIM, its).rowcount != 1:
                raise AlreadyClaimedError
            found = database.execute(NEXT, parameters()).mappings().first()
        self.sent, self.ahead = None, OutboxEmail(**found) if found else None

    def _record_sent(self, database: Connection) -> None:
        if self.sent is not None:
            with database.begin():
                self._end_sent(database)
            self.sent = None

    def _end_sent(self, database: Connection) -> None:
        if self.sent is not None:
            values = {f"its_{name}": getattr(self.sent, name) for name in ENDING}
            values["number"] = self.sent.id
            database.execute(END, values)


def connect(server: Server) -> smtplib.SMTP:
    """Return an open connection, encrypted and authenticated as `server` says."""
    try:
        smtp = _open(server)
    except (OSError, smtplib.SMTPException) as error:
        raise ServerError(_error_name(error)) from error
    try:
        if server.scheme == "smtp+starttls":
            smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo_or_helo_if_needed()
        if server.user:
            smtp.login(server.user, server.password)
    except (OSError, smtplib.SMTPException) as error:
        smtp.close()
        raise ServerError(_error_name(error)) from error
    return smtp


def _open(server: Server) -> smtplib.SMTP:
    where = (server.host, server.port)
    if server.scheme == "smtps":
        tls = ssl.create_default_context()
        return smtplib.SMTP_SSL(*where, timeout=COMMAND_SECONDS, context=tls)
    return smtplib.SMTP(*where, timeout=COMMAND_SECONDS)


def transmit(
    smtp: smtplib.SMTP, sender: str, recipient: str, body: bytes, claim: Callable[[], None]
) -> None:
    """Send one message; `claim` is called before its last byte leaves.

    Raise EmailRefusedError where the server rejects it, OSError or SMTPException where the
    connection is lost.
    """
    _expect(250, smtp.mail(sender))
    _expect(250, smtp.rcpt(recipient))
    _expect(354, smtp.docmd("DATA"))
    claim()
    if smtp.sock is not None:
        smtp.sock.settimeout(ANSWER_SECONDS)
    smtp.send(LINE_START_DOT.sub(b"..", body.rstrip(b"\r\n")) + b"\r\n.\r\n")
    _expect(250, smtp.getreply())
    if smtp.sock is not None:
        smtp.sock.settimeout(COMMAND_SECONDS)


def _reset(smtp: smtplib.SMTP) -> None:
    """Ready a connection for the next email; raise ServerError where it ended (421)."""
    try:
        smtp.rset()
    except (OSError, smtplib.SMTPException) as error:
        raise ServerError(_error_name(error)) from error


def backoff(attempts: int) -> timedelta:
    """Return the delay after `attempts` attempts: it doubles each time."""
    return min(FIRST_DELAY * (1 << min(attempts - 1, 16)), LONGEST_DELAY)


def _expect(code: int, reply: tuple[int, bytes]) -> None:
    if reply[0] // 10 != code // 10:
        raise EmailRefusedError(*reply)


def _next() -> OutboxEmail | None:
    """Return the email that leaves next, apart from the session."""
    if email := db.session.scalar(NEXT, parameters()):
        db.session.expunge(email)
    db.session.rollback()
    return cast("OutboxEmail | None", email)


def _numbers() -> list[int]:
    """Return the numbers of due emails, at most those of one connection."""
    found = list(db.session.scalars(DUE, parameters()))
    db.session.rollback()
    return found


def _recover() -> None:
    """Mark as unsure what a killed worker was sending."""
    with writing() as session:
        handing = select(OutboxEmail).filter_by(state=OutboxState.HANDING.value)
        for email in session.scalars(handing):
            email.end(OutboxState.UNSURE, clock.now(), "killed")


def _record_failure(number: int, reason: str, *, last: bool = False) -> None:
    with writing() as session:
        if (email := session.get(OutboxEmail, number)) is not None:
            # Servers often quote the address; the reason must not hold it.
            blanked = reason.replace(email.recipient, "…")[:500]
            _count_attempt(email, blanked, last=last)


def _delay_all(numbers: list[int], reason: str) -> None:
    with writing() as session:
        listed = select(OutboxEmail).where(OutboxEmail.id.in_(numbers))
        for email in session.scalars(listed):
            if email.state == OutboxState.QUEUED:
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


def _error_name(error: BaseException) -> str:
    """Return type and code of `error`, without a message that may quote an address."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__}{f' {code}' if code else ''}"
