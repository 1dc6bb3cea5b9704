"""A real mail server on this machine that does as a test tells it."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Event

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Postbox:
    """What arrived, and what the server does next: it takes each word of `mood` once."""

    mood: list[str] = field(default_factory=list)
    emails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    reached: Event = field(default_factory=Event)
    """Set when a `hold` begins; the server answers once `release` is set."""
    release: Event = field(default_factory=Event)
    port: int = 0

    async def handle_RCPT(  # noqa: N802 - their name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, *_: object
    ) -> str:
        """Take or refuse a recipient."""
        match self._next("rcpt"):
            case "rcpt refuse":
                return f"550 5.1.1 <{address}>: no such user"
            case "rcpt later":
                return "451 4.7.1 greylisted"
            case "rcpt hold":
                await self._hold()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - their name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take, refuse, drop or hold a letter."""
        match self._next("data"):
            case "data refuse":
                return "554 5.7.1 not wanted"
            case "data drop":
                assert isinstance(server.transport, asyncio.WriteTransport)
                server.transport.abort()
                return "421 gone"
            case "data hold":
                self._keep(envelope)
                await self._hold()
                return "250 OK"
        self._keep(envelope)
        return "250 OK"

    def _next(self, stage: str) -> str:
        if self.mood and self.mood[0].startswith(stage):
            return self.mood.pop(0)
        return ""

    def _keep(self, envelope: Envelope) -> None:
        content = envelope.content
        assert isinstance(content, bytes)
        letter = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
        self.emails.append(letter)
        self.recipients += envelope.rcpt_tos

    async def _hold(self) -> None:
        self.reached.set()
        await asyncio.to_thread(self.release.wait, 60)

    @contextmanager
    def open(self) -> Iterator["Postbox"]:
        """Listen on a free port."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        controller = Controller(self, hostname="127.0.0.1", port=self.port)
        controller.start()
        try:
            yield self
        finally:
            self.release.set()
            controller.stop()
