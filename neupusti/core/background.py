"""Work that goes on beside the requests: one worker of the site does it, elected by a lock.

Every worker process starts a thread for each job; the one that gets the lock of a file in
the data folder works, the others wait for it to die. The kernel drops the lock with the
process, however it ends.
"""

import fcntl
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic

from flask import Flask

from neupusti.core.data.database import db

logger = logging.getLogger(__name__)
ELECTION_SECONDS = 2.0
PATIENCE = 60
"""A job that fails again and again is tried at least once in so many seconds."""
DOUBLINGS = 16
"""So often its pause doubles: after a day without a database no number would hold it."""
COMPLAINT_SECONDS = 60.0
"""And fills the log with no more than one line in so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something to do again and again; `run` does what is due and returns."""

    name: str
    every: timedelta
    run: Callable[[], None]


class Background:
    """The jobs of one process."""

    def __init__(self, app: Flask, jobs: Iterable[Job]) -> None:
        self.app, self.stopped = app, Event()
        self._complained: dict[str, float] = {}
        self.threads = [
            Thread(target=self._work, args=(job,), name=f"job {job.name}", daemon=True)
            for job in jobs
        ]

    def start(self) -> None:
        """Start a thread for each job."""
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """Let each job end what it is doing, and wait for that."""
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def _work(self, job: Job) -> None:
        lock = Path(self.app.instance_path) / f"{job.name}.lock"
        while not self.stopped.is_set():
            try:
                with self._elected(lock):
                    self._go_on(job)
            except OSError as error:
                # No file to be had, or no folder: a thread that ends never comes back.
                self.complain(job, error)
                self.stopped.wait(ELECTION_SECONDS)

    def _go_on(self, job: Job) -> None:
        failures = 0
        while not self.stopped.is_set():
            failures = 0 if self._run(job) else min(failures + 1, DOUBLINGS)
            pause = job.every.total_seconds()
            self.stopped.wait(min(pause * 2**failures, PATIENCE) if failures else pause)

    def _run(self, job: Job) -> bool:
        try:
            with self.app.app_context():
                try:
                    job.run()
                finally:
                    db.session.remove()
        except Exception as error:  # noqa: BLE001 - whatever it is, the next turn comes
            self.complain(job, error)
            return False
        return True

    def complain(self, job: Job, error: Exception) -> None:
        """Tell the log, unless it was told a moment ago."""
        now = monotonic()
        if now - self._complained.get(job.name, float("-inf")) >= COMPLAINT_SECONDS:
            self._complained[job.name] = now
            logger.error("job", exc_info=error, extra={"fields": {"job": job.name}})

    @contextmanager
    def _elected(self, lock: Path) -> Iterator[None]:
        """Wait until this process is the one that works."""
        file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not self.stopped.is_set():
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    self.stopped.wait(ELECTION_SECONDS)
            yield
        finally:
            os.close(file)
