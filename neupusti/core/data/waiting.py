"""The two queues before the database: for a turn to write, and for a connection.

Where others are served, waiting is worth it: a rush is served in its turn, however long it
takes. Where nobody is, who waits is told soon.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any

from sqlalchemy import QueuePool
from sqlalchemy.exc import OperationalError, TimeoutError  # noqa: A004 - of a pool
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_SECONDS = 30
"""How long anybody waits at most."""
LOOK_SECONDS = 0.25
"""How often who waits looks whether others get on."""
POOL_SECONDS = 2.0
"""How long a request waits for a connection to a server while none comes back."""
WRITERS = 8
"""Writers at a time in a process: half of its connections. If all of them waited for the
one that holds a lock, it could never look up what it reads through a second connection."""


@dataclass
class Progress:
    """When the last in a queue was served, and when one got stuck: moments of a clock."""

    moved_at: float = 0.0
    stuck_at: float = 0.0

    def moves(self, asked: float, seconds: float) -> bool:
        """Return whether the queue is worth the wait of who `asked` then.

        It is not where nobody was served for `seconds`, or one got stuck since.
        """
        now = time.monotonic()
        since = asked if self.stuck_at > asked else max(asked, self.moved_at)
        return now - since < seconds and now - asked < BUSY_SECONDS


_slots, _writing = BoundedSemaphore(WRITERS), Progress()


@contextmanager
def writer_slot(seconds: float = BUSY_SECONDS) -> Iterator[None]:
    """Be one of the writers, as soon as another has ended.

    Raise sqlalchemy's TimeoutError after `seconds` in which none did, or where one ended
    without an answer or a lock.
    """
    asked = time.monotonic()
    while not _slots.acquire(timeout=min(seconds, LOOK_SECONDS)):
        if not _writing.moves(asked, seconds):
            raise TimeoutError("the database is busy: too many writers")
    try:
        yield
        _writing.moved_at = time.monotonic()
    except OperationalError:
        _writing.stuck_at = time.monotonic()
        raise
    finally:
        _slots.release()


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
        if record.dbapi_connection is None:
            self.progress.stuck_at = time.monotonic()
        else:
            self.progress.moved_at = time.monotonic()
        super()._do_return_conn(record)
