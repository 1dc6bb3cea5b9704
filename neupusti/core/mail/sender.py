"""Handing letters to the mail server: one at a time, each of them once.

A letter is claimed before its last byte leaves. If the process is killed in that instant,
the row says so and nobody is written to twice; killed any earlier, the letter is simply
tried again.
"""

import logging
import re
import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select, update

from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.mail import message
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.mail.service import Server, Service

logger = logging.getLogger(__name__)
COMMAND_SECONDS = 30
ANSWER_SECONDS = 600
"""How long to wait for "I have it" (RFC 5321, 4.5.3.2.6): giving up sooner doubles."""
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=6)
ATTEMPTS = 20
"""Some two and a half days of trying."""
BATCH = 50
FOR_EVER = range(500, 600)
LINE_START_DOT = re.compile(rb"(?m)^\.")


class EmailRefusedError(Exception):
    """The server did not take this letter; `code` says whether it ever may."""

    def __init__(self, code: int, words: bytes) -> None:
        super().__init__(code)
        self.code = code
        self.words = words.decode("utf-8", "replace")


class TakenError(Exception):
    """Another worker has this letter in its hands."""


class ServerError(Exception):
    """The server does not answer, or not as a mail server does."""


class Sender:
    """Sends what is due."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.recovered = False

    def run(self) -> None:
        """Send every letter that is due; called again and again by one worker."""
        if self.service.server is None:
            return
        if not self.recovered:
            _recover()
            self.recovered = True
        while due := _due():
            try:
                self._send_all(self.service.server, due)
            except ServerError as error:
                _delay_all(due, str(error))
                logger.warning("mail server", extra={"fields": {"reason": str(error)}})
                return

    def _send_all(self, server: Server, letters: list[int]) -> None:
        smtp = connect(server)
        try:
            for number in letters:
                self._send(smtp, number)
        finally:
            smtp.close()

    def _send(self, smtp: smtplib.SMTP, number: int) -> None:
        letter = db.session.get(OutboxEmail, number, populate_existing=True)
        if letter is None or letter.state != OutboxState.QUEUED:
            return
        body = message.build(letter, self.service).as_bytes()
        recipient = letter.recipient
        db.session.rollback()
        try:
            hand_over(smtp, self.service.sender, recipient, body, lambda: _claim(number))
        except TakenError:
            # The server waits for a body it shall not get: only hanging up says so.
            raise ServerError("another worker") from None
        except EmailRefusedError as error:
            _failed(number, error)
            smtp.rset()
        except (OSError, smtplib.SMTPException) as error:
            # No answer came, so the server has not taken it (RFC 5321, 4.2.5).
            _release(number)
            raise ServerError(_named(error)) from error
        else:
            with writing() as session:
                session.get_one(OutboxEmail, number).sent(clock.now())


def connect(server: Server) -> smtplib.SMTP:
    """Return an open connection, encrypted and signed in as `server` says."""
    try:
        smtp = _opened(server)
    except (OSError, smtplib.SMTPException) as error:
        raise ServerError(_named(error)) from error
    try:
        if server.scheme == "smtp+starttls":
            smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo_or_helo_if_needed()
        if server.user:
            smtp.login(server.user, server.password)
    except (OSError, smtplib.SMTPException) as error:
        smtp.close()
        raise ServerError(_named(error)) from error
    return smtp


def _opened(server: Server) -> smtplib.SMTP:
    where = (server.host, server.port)
    if server.scheme == "smtps":
        tls = ssl.create_default_context()
        return smtplib.SMTP_SSL(*where, timeout=COMMAND_SECONDS, context=tls)
    return smtplib.SMTP(*where, timeout=COMMAND_SECONDS)


def hand_over(
    smtp: smtplib.SMTP, sender: str, recipient: str, body: bytes, claim: Callable[[], None]
) -> None:
    """Give one message to the server; `claim` is called before its last byte leaves.

    Raise LetterError where the server says no, OSError or SMTPException where it is gone.
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


def backoff(attempts: int) -> timedelta:
    """Return how long to wait after so many tries: twice as long each time."""
    return min(FIRST_DELAY * (1 << min(attempts - 1, 16)), LONGEST_DELAY)


def _expect(code: int, reply: tuple[int, bytes]) -> None:
    if reply[0] // 10 != code // 10:
        raise EmailRefusedError(*reply)


def _due() -> list[int]:
    wanted = (
        select(OutboxEmail.id)
        .where(
            OutboxEmail.state == OutboxState.QUEUED.value,
            OutboxEmail.next_at <= clock.now(),
        )
        .order_by(OutboxEmail.next_at, OutboxEmail.id)
        .limit(BATCH)
    )
    found = list(db.session.scalars(wanted))
    db.session.rollback()
    return found


def _recover() -> None:
    """Settle what an earlier worker left in its hands when it was killed."""
    with writing() as session:
        session.execute(
            update(OutboxEmail)
            .where(OutboxEmail.state == OutboxState.HANDING.value)
            .values(state=OutboxState.UNSURE.value, done_at=clock.now(), reason="killed")
        )


def _claim(number: int) -> None:
    with writing() as session:
        free = update(OutboxEmail).where(
            OutboxEmail.id == number, OutboxEmail.state == OutboxState.QUEUED.value
        )
        claimed = session.execute(free.values(state=OutboxState.HANDING.value))
        if claimed.rowcount != 1:  # type: ignore[attr-defined]
            raise TakenError


def _release(number: int) -> None:
    with writing() as session:
        session.get_one(OutboxEmail, number).state = OutboxState.QUEUED.value


def _failed(number: int, error: EmailRefusedError) -> None:
    now = clock.now()
    with writing() as session:
        letter = session.get_one(OutboxEmail, number)
        letter.attempts += 1
        # Servers like to quote the address; the reason must not hold it.
        words = error.words.replace(letter.recipient, "…")
        reason = f"{error.code} {words}"[:500]
        if error.code in FOR_EVER or letter.attempts >= ATTEMPTS:
            letter.refused(now, reason)
        else:
            _again(letter, now, reason)


def _delay_all(letters: list[int], reason: str) -> None:
    now = clock.now()
    with writing() as session:
        for letter in session.scalars(
            select(OutboxEmail).where(OutboxEmail.id.in_(letters))
        ):
            if letter.state == OutboxState.QUEUED:
                letter.attempts += 1
                if letter.attempts >= ATTEMPTS:
                    letter.refused(now, reason)
                else:
                    _again(letter, now, reason)


def _again(letter: OutboxEmail, now: datetime, reason: str) -> None:
    letter.state = OutboxState.QUEUED.value
    letter.next_at = now + backoff(letter.attempts)
    letter.reason = reason


def _named(error: BaseException) -> str:
    """Return what went wrong without any words that might quote an address."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__}{f' {code}' if code else ''}"
