"""Which machine runs what runs once in the whole site: advisory locks of PostgreSQL.

All locks of a process are held by one connection, opened with the first. It stays in one
transaction, which holds no snapshot, so that a PgBouncer of any mode keeps it one. The
server ends it where it hears nothing for IDLE_SECONDS, of a machine that died, stands still
or lost its network, and releases the locks; a thread says something every PING_SECONDS.
"""

import fcntl
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from neupusti.core.data import postgresql

logger = logging.getLogger(__name__)
PING_SECONDS, ANSWER_SECONDS = 2.0, 3.0
"""How often the server hears of this process, and how long its answer is waited for."""
IDLE_SECONDS = 6.0
"""After this silence the server gives the locks to others."""
LONGEST_RUN_SECONDS = 1800.0
"""A run that takes no step for longer hangs: the locks of its job are given to others."""
TAKE = text("SELECT pg_try_advisory_lock(:key)")
RELEASE = text("SELECT pg_advisory_unlock(:key)")
PING = text("SELECT 1")
_step: ContextVar[Callable[[], None]] = ContextVar("step", default=lambda: None)


def step() -> None:
    """Say that the run of this thread goes on; no effect outside of the run of a job.

    For what may rightly last longer than LONGEST_RUN_SECONDS: a sweep after a pause.
    """
    _step.get()()


def key(name: str) -> int:
    """Return the 64 bits of the advisory lock of a job."""
    return int.from_bytes(sha256(f"job {name}".encode()).digest()[:8], signed=True)


@dataclass(slots=True)
class SiteLocks:
    """The locks that one process holds over all machines; for many threads."""

    engine: Engine
    """One whose connections are new ones (`core.data.database.beside`)."""
    _guard: Lock = field(default_factory=Lock)
    _connection: Connection | None = None
    _held: set[str] = field(default_factory=set)
    _runs: dict[str, tuple[float, int]] = field(default_factory=dict)
    """Job -> the last step of its run, and its file lock on this machine."""
    _closed: Event = field(default_factory=Event)

    def take(self, name: str) -> bool:
        """Return whether the lock of a job is taken. Raise SQLAlchemyError."""
        with self._guard:
            if self._connection is None:
                self._open()
            if self._ask(TAKE, key=key(name)):
                self._held.add(name)
            return name in self._held

    def holds(self, name: str) -> bool:
        """Return whether the lock of a job is still held, as the server says now."""
        self._ping()
        return name in self._held

    def release(self, name: str) -> None:
        """Give the lock of a job to whoever wants it; no effect where it is lost."""
        with self._guard, suppress(SQLAlchemyError):
            self._release(name)

    @contextmanager
    def running(self, name: str, file: int) -> Iterator[None]:
        """Give the locks away, that of the open `file` too, if the block hangs."""
        with self._guard:
            self._runs[name] = monotonic(), file
        token = _step.set(partial(self._step, name))
        try:
            yield
        finally:
            _step.reset(token)
            with self._guard:
                self._runs.pop(name, None)

    def _step(self, name: str) -> None:
        with self._guard:
            if name in self._runs:
                self._runs[name] = monotonic(), self._runs[name][1]

    def close(self) -> None:
        """Release every lock."""
        self._closed.set()
        with self._guard:
            self._drop()

    def _open(self) -> None:
        with postgresql.limited(ANSWER_SECONDS):
            self._connection = self.engine.connect()
        limit = f"SET LOCAL idle_in_transaction_session_timeout = {IDLE_SECONDS * 1000:.0f}"
        self._ask(text(limit))
        # One for each connection: it ends with it.
        args = (self._connection,)
        try:
            Thread(target=self._keep, args=args, name="job locks", daemon=True).start()
        except RuntimeError:  # the machine has no thread left
            self._drop()
            raise

    def _keep(self, connection: Connection) -> None:
        """Let the server hear of this process, and look for runs that hang."""
        while not self._closed.wait(PING_SECONDS) and self._connection is connection:
            self._ping()
            self._give_away()

    def _ping(self) -> None:
        with self._guard, suppress(SQLAlchemyError):
            if self._connection is not None:
                self._ask(PING)

    def _give_away(self) -> None:
        before = monotonic() - LONGEST_RUN_SECONDS
        with self._guard, suppress(SQLAlchemyError):
            for name, (at, file) in list(self._runs.items()):
                if at <= before:
                    del self._runs[name]
                    fcntl.flock(file, fcntl.LOCK_UN)
                    logger.error("job hangs", extra={"fields": {"job": name}})
                    self._release(name)

    def _release(self, name: str) -> None:
        if name in self._held:
            self._held.discard(name)
            self._ask(RELEASE, key=key(name))

    def _ask(self, statement: Any, **values: int) -> Any:
        """Return the answer of the server; where none comes, every lock is lost."""
        if self._connection is None:
            return None
        try:
            with postgresql.limited(ANSWER_SECONDS):
                found = self._connection.execute(statement, values)
                return found.scalar() if found.returns_rows else None
        except SQLAlchemyError as error:
            logger.warning("job locks lost", exc_info=error)
            self._drop()
            raise

    def _drop(self) -> None:
        self._held.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.invalidate()
            connection.close()
