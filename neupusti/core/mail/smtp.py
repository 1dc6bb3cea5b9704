"""One connection to the mail server, and the transfer of one message (RFC 5321)."""

import re
import smtplib
import ssl
from collections.abc import Callable

from neupusti.core.mail.service import Server

COMMAND_SECONDS = 30
ANSWER_SECONDS = 600
"""The timeout of the final reply (4.5.3.2.6): a shorter one duplicates."""
LINE_START_DOT = re.compile(rb"(?m)^\.")


class EmailRefusedError(Exception):
    """The server rejected this email, for good or temporarily, according to `code`."""

    def __init__(self, code: int, reply: bytes) -> None:
        super().__init__(code)
        self.code = code
        self.reply = reply.decode("utf-8", "replace")


class ServerError(Exception):
    """The server is unreachable, or does not follow the protocol."""


def connect(server: Server) -> smtplib.SMTP:
    """Return an open connection, encrypted and authenticated as `server` says."""
    try:
        smtp = _open(server)
    except (OSError, smtplib.SMTPException) as error:
        raise ServerError(error_name(error)) from error
    try:
        if server.scheme == "smtp+starttls":
            smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo_or_helo_if_needed()
        if server.user:
            smtp.login(server.user, server.password)
    except (OSError, smtplib.SMTPException) as error:
        smtp.close()
        raise ServerError(error_name(error)) from error
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


def _expect(code: int, reply: tuple[int, bytes]) -> None:
    if reply[0] // 10 != code // 10:
        raise EmailRefusedError(*reply)


def error_name(error: BaseException) -> str:
    """Return type and code of `error`, without a message that may quote an address."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__}{f' {code}' if code else ''}"
