"""Choices that count already and whose records wait for room.

A limit, or a database that is down, may delay the record of a refusal, never the refusal:
the cookie is set at once. What waits is written with later choices that this process
records. It is bounded and ends with the process; a refusal without a record holds too.
"""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from neupusti.consent.service import records
from neupusti.consent.service.counts import Tally
from neupusti.consent.service.records import Decision
from neupusti.core import clock
from neupusti.core.feature import Category
from neupusti.core.security.throttle import ProcessLimit
from neupusti.core.web.errors import TooManyError

MAX_WAITING = 5000
"""How many choices of one process wait: some megabytes."""
BATCH = 20
"""How many are written with one choice, so that none takes long."""


@dataclass(frozen=True, slots=True)
class MadeChoice:
    """A decision, and what its record needs to know about the choice before."""

    address: str
    """The network address that the limit of rows counts; it is stored nowhere."""
    decision: Decision
    before: frozenset[Category]
    expired: bool
    """Whether the choice before has expired."""


class Pending:
    """Writes records within `limit`, and keeps the choices that wait for room."""

    def __init__(self, limit: ProcessLimit, tally: Tally) -> None:
        self.limit, self.tally = limit, tally
        self.waiting: deque[MadeChoice] = deque()

    def __len__(self) -> int:
        return len(self.waiting)

    def record(self, made: MadeChoice, *, may_wait: bool) -> tuple[str, datetime]:
        """Record `made` now, or later if it may wait; return the record's id and time.

        Else raise TooManyError where there is no room, or SQLAlchemyError.
        """
        if seconds := self.limit.take(made.address):
            if not may_wait:
                raise TooManyError(timedelta(seconds=seconds))
            return self._wait(made)
        try:
            kept = self._write(made)
        except SQLAlchemyError:
            if not may_wait:
                raise
            return self._wait(made)
        with suppress(SQLAlchemyError):
            self._write_waiting()
        return kept

    def _write(self, made: MadeChoice) -> tuple[str, datetime]:
        return records.record_choice(
            made.decision, before=made.before, expired=made.expired, tally=self.tally
        )

    def _wait(self, made: MadeChoice) -> tuple[str, datetime]:
        public_id, at = records.new_id(), clock.now().replace(microsecond=0)
        decision = replace(made.decision, public_id=public_id, at=at)
        if len(self.waiting) < MAX_WAITING:
            self.waiting.append(replace(made, decision=decision))
        return public_id, at

    def _write_waiting(self) -> None:
        """Write some of what waits; a choice that still has no room goes to the end."""
        for _ in range(BATCH):
            try:
                made = self.waiting.popleft()
            except IndexError:  # written by another thread, or nothing waits
                return
            written = False
            try:
                if not self.limit.take(made.address):
                    self._write(made)
                    written = True
            finally:
                if not written:
                    self.waiting.append(made)
