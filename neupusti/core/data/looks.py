"""Looks at the database for what a process keeps in memory: no page waits long for one."""

from collections.abc import Callable
from threading import Event, Lock, Thread

from sqlalchemy import Engine

from neupusti.core.data import postgresql

WAIT_SECONDS = 0.3
"""How long a page waits for news before it shows what is known."""


class Look:
    """One look at a time at one database.

    A server of PostgreSQL may fall silent, so there a thread of its own looks.
    """

    def __init__(self, engine: Engine, act: Callable[[], None]) -> None:
        """Look by calling `act`, which keeps what is known where it fails."""
        self.may_be_silent = engine.dialect.name == "postgresql"
        self.act, self.lock = act, Lock()

    def take(self, *, whole: bool) -> None:
        """Look, unless another thread does; with `whole` wait for it, however long."""
        if not self.lock.acquire(blocking=whole):
            return
        if whole or not self.may_be_silent:
            try:
                self.act()
            finally:
                self.lock.release()
            return
        done = Event()
        try:
            Thread(target=self._act, args=(done,), daemon=True).start()
        except RuntimeError:  # the machine has no thread left: the next page looks
            self.lock.release()
            return
        done.wait(WAIT_SECONDS)

    def _act(self, done: Event) -> None:
        try:
            with postgresql.limited(postgresql.REQUEST_SECONDS):
                self.act()
        finally:
            self.lock.release()
            done.set()
