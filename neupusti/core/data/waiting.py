"""The two queues before the database: for a turn to write, and for a connection.

Where others are served, waiting is worth it: a rush is served in its turn, however long it
takes. Where nobody is, who waits is told soon.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Any

from flask import has_request_context
from sqlalchemy import QueuePool
from sqlalchemy.exc import OperationalError, TimeoutError  # noqa: A004 - of a pool
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_SECONDS = 30
"""How long anybody waits at most."""
LOOK_SECONDS = 0.25
"""How often who waits looks whether others get on."""
POOL_SECONDS = 2.0
"""How long a request waits for a connection to a server while none comes back."""
WRITERS = 4
"""Writers at a time in a process. Those of all processes may queue for one lock of the
server, so few that each gets it in time; more write no faster. And if they had all of the
connections, whoever holds the lock could look nothing up through a second one."""
WRITING_JOBS = 2
"""As many more for what writes without a request: nobody waits for it, and where it waits
itself, as for a standby that is away, it leaves the visitors their turns."""


@dataclass
class Progress:
    """When the last in a queue was served, and when one got stuck: moments of a clock."""

    moved_at: float = 0.0
    stuck_at: float = 0.0

    def ended(self, *, stuck: bool) -> None:
        """Note that one has ended."""
        if stuck:
            self.stuck_at = time.monotonic()
        else:
            self.moved_at = time.monotonic()

    def moves(self, asked: float, seconds: float) -> bool:
        """Return whether the queue is worth the wait of who `asked` then.

        It is not where nobody was served for `seconds`, or one got stuck since.
        """
        waited = time.monotonic() - asked
        return self.stood(asked) < seconds and waited < BUSY_SECONDS

    def stood(self, asked: float) -> float:
        """Return for how many seconds the queue has stood, to who `asked` then."""
        since = asked if self.stuck_at > asked else max(asked, self.moved_at)
        return time.monotonic() - since


@dataclass
class Turns:
    """Those who may write at the same time, and how the queue for it gets on."""

    slots: BoundedSemaphore
    progress: Progress = field(default_factory=Progress)


_requests, _jobs = Turns(BoundedSemaphore(WRITERS)), Turns(BoundedSemaphore(WRITING_JOBS))


@contextmanager
def writer_slot(seconds: float = BUSY_SECONDS) -> Iterator[float]:
    """Be one of the writers, as soon as another has ended; yield how long none had.

    Raise sqlalchemy's TimeoutError after `seconds` in which none did, or where one ended
    without an answer or a lock.
    """
    turns, asked = _requests if has_request_context() else _jobs, time.monotonic()
    while not turns.slots.acquire(timeout=min(seconds, LOOK_SECONDS)):
        if not turns.progress.moves(asked, seconds):
            raise TimeoutError("the database is busy: too many writers")
    stuck = False
    try:
        yield turns.progress.stood(asked)
    except (OperationalError, TimeoutError):  # the latter: no connection came back
        stuck = True
        raise
    finally:
        # Who was refused, as the goods were sold out, was served as well.
        turns.progress.ended(stuck=stuck)
        turns.slots.release()


class MovingPool(QueuePool):
    """A pool of connections to a server that may fall silent.

    Raise sqlalchemy's TimeoutError after POOL_SECONDS in which none came back, or where one
    came back unusable.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options | {"timeout": LOOK_SECONDS})
        self.progress = Progress()

    def _do_get(self) -> ConnectionPoolEntry:
        asked = time.monotonic()
        while True:
            try:
                return super()._do_get()
            except TimeoutError:
                if not self.progress.moves(asked, POOL_SECONDS):
                    raise

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        self.progress.ended(stuck=record.dbapi_connection is None)
        super()._do_return_conn(record)
