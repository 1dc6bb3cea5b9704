"""Mail servers that let a test act at a chosen email."""

from collections.abc import Callable
from dataclasses import dataclass, field

from aiosmtpd.smtp import Envelope

from tests.core.smtp_server import SmtpServer


@dataclass
class ActingServer(SmtpServer):
    """Calls `act` while it has email number `at` and has not answered yet."""

    at: int = 0
    act: Callable[[], object] = int

    def _store(self, envelope: Envelope) -> None:
        super()._store(envelope)
        if len(self.emails) == self.at:
            self.act()


@dataclass
class HoldingServer(SmtpServer):
    """Holds at chosen numbers of emails until the test has acted."""

    holds: list[int] = field(default_factory=list)

    def _next(self, stage: str) -> str:
        if stage == "data" and self.holds and len(self.emails) >= self.holds[0]:
            self.holds.pop(0)
            return "data hold"
        return super()._next(stage)
