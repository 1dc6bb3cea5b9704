"""The aggregator: one thread among all processes that reads the spool and sweeps.

Whoever holds the lock of the spool folder is it; when its process dies, the kernel gives
the lock to the next one that asks.
"""

import fcntl
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from neupusti.access.service import partitions, sweep
from neupusti.access.service.drain import Enrichment, drain
from neupusti.access.service.terms import Terms

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 0.5
"""Between two looks at the spool: what the freshness of the live view hangs on."""
LONGEST_PAUSE_SECONDS = 30.0
SWEEP_SECONDS = 3600.0
COMPLAINT_SECONDS = 60.0
LOCK = ".lock"


class Aggregator:
    """Reads the spool of one folder into the database of one engine."""

    def __init__(
        self,
        engine: Callable[[], Engine],
        folder: Path,
        enrichment: Callable[[], Enrichment],
        terms: Terms,
    ) -> None:
        self._engine, self._enrichment = engine, enrichment
        self.folder, self.terms = folder, terms
        self._ready: Enrichment | None = None
        self._stop = Event()
        self._swept = float("-inf")
        self._complained = float("-inf")

    def start(self) -> None:
        """Begin in a thread of this process; it ends with the process."""
        Thread(target=self.run, name="access-aggregator", daemon=True).start()

    def stop(self) -> None:
        """Let `run` return after what it is doing."""
        self._stop.set()

    def run(self) -> None:
        """Wait for the lock, then drain and sweep until stopped."""
        while not self._stop.is_set():
            held = self.elected()
            if held is None:
                self._stop.wait(PAUSE_SECONDS * 2)
                continue
            try:
                self._reign()
            finally:
                os.close(held)

    def elected(self) -> int | None:
        """Return the held lock of the folder, or None where another process has it."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            self._complain(error)
            return None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            return None
        return fd

    def once(self) -> int:
        """Bring in what waits; return how many requests that was."""
        if self._ready is None:
            self._ready = self._enrichment()
        return drain(self._engine(), self.folder, self._ready)

    def _reign(self) -> None:
        pause = PAUSE_SECONDS
        while not self._stop.is_set():
            try:
                self.once()
                self._sweep_in_time()
                pause = PAUSE_SECONDS
            except (SQLAlchemyError, OSError) as error:
                # Locked, stopped, full: the lines wait in the spool.
                self._complain(error)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            except Exception:
                # Never the end of the thread: the next look may succeed.
                logger.exception("access ingest failed")
                pause = LONGEST_PAUSE_SECONDS
            self._stop.wait(pause)

    def _sweep_in_time(self) -> None:
        if time.monotonic() - self._swept < SWEEP_SECONDS:
            return
        partitions.ahead(self._engine())
        sweep.sweep(self._engine(), self.terms)
        self._swept = time.monotonic()

    def _complain(self, error: Exception) -> None:
        if time.monotonic() - self._complained >= COMPLAINT_SECONDS:
            self._complained = time.monotonic()
            logger.error("access ingest waits", exc_info=error)
