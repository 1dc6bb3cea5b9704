"""An SMTP server on loopback that follows the script of a test."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Event

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.served import free_port


@dataclass
class SmtpServer:
    """Received emails, and what the server does next: each entry of `script`, once."""

    script: list[str] = field(default_factory=list)
    emails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    reached: Event = field(default_factory=Event)
    """Set when a `hold` begins; the server answers once `release` is set."""
    release: Event = field(default_factory=Event)
    port: int = field(default_factory=free_port)

    async def handle_RCPT(  # noqa: N802 - the name is aiosmtpd's
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, *_: object
    ) -> str:
        """Accept or reject a recipient."""
        match self._next("rcpt"):
            case "rcpt refuse":
                return f"550 5.1.1 <{address}>: no such user"
            case "rcpt later":
                return "451 4.7.1 greylisted"
            case "rcpt drop":
                assert isinstance(server.transport, asyncio.WriteTransport)
                server.transport.write(b"421 4.3.2 shutting down\r\n")
                server.transport.close()
                return "421 gone"
            case "rcpt hold":
                await self._hold()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the name is aiosmtpd's
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Accept, reject, drop or delay an email."""
        match self._next("data"):
            case "data refuse":
                return "554 5.7.1 not wanted"
            case "data later":
                return "451 4.3.0 try again later"
            case "data drop":
                assert isinstance(server.transport, asyncio.WriteTransport)
                server.transport.abort()
                return "421 gone"
            case "data hold":
                self._store(envelope)
                await self._hold()
                return "250 OK"
        self._store(envelope)
        return "250 OK"

    def _next(self, stage: str) -> str:
        if self.script and self.script[0].startswith(stage):
            return self.script.pop(0)
        return ""

    def _store(self, envelope: Envelope) -> None:
        content = envelope.content
        assert isinstance(content, bytes)
        email = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
        self.emails.append(email)
        self.recipients += envelope.rcpt_tos

    async def _hold(self) -> None:
        self.reached.set()
        await asyncio.to_thread(self.release.wait, 60)

    @contextmanager
    def open(self) -> Iterator["SmtpServer"]:
        """Listen on its port; a server that was closed can be opened again."""
        controller = Controller(self, hostname="127.0.0.1", port=self.port)
        controller.start()
        try:
            yield self
        finally:
            self.release.set()
            controller.stop()
