"""Background jobs: one worker process runs each of them, elected by a file lock.

Every worker process starts a thread per job; the one that gets the lock of a file in the
data folder runs the job, the others wait for it to end. The kernel releases the lock with
the process, however it ends. Each run leaves a beat (`core.data.beats`).
"""

import fcntl
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic, perf_counter
from typing import cast

from flask import Flask, current_app

from neupusti.core import clock
from neupusti.core.data import beats, postgresql
from neupusti.core.data.database import db
from neupusti.core.data.reading import reading

logger = logging.getLogger(__name__)
EXTENSION = "neupusti.jobs"
BEAT_EVERY = timedelta(minutes=1)
"""A job that runs more often beats once in this time, so as not to write all the time."""
GRACE = timedelta(minutes=10)
"""How long a job may be late, or twice its period where that is longer."""
ELECTION_SECONDS = 2.0
MAX_PAUSE_SECONDS = 60
"""The longest pause after repeated failures."""
MAX_DOUBLINGS = 16
"""How often the pause doubles; without a limit a float would overflow after a day."""
LOG_INTERVAL_SECONDS = 60.0
"""The shortest time between two log lines about failures of one job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A periodic task; `run` does what is due and returns."""

    name: str
    every: timedelta
    run: Callable[[], None]
    checks: bool = False
    """Whether it reads blocked rows as well: what it does for people is their own right,
    or it only looks whether all is right."""
    opens: bool = False
    """Whether it runs while the site is shut: its work can open it."""

    @property
    def longest_pause(self) -> timedelta:
        """The longest time between two beats of a job that does not stand still."""
        return self.every + max(self.every, GRACE)

    def is_late(self, last: datetime | None, now: datetime) -> bool:
        """Return whether it stands still at `now`; `last` None: it never ran."""
        return last is None or now - last > self.longest_pause


def install(app: Flask, jobs: Iterable[Job]) -> None:
    """Keep the `jobs` that the workers of `app` run."""
    app.extensions[EXTENSION] = tuple(jobs)


def jobs() -> tuple[Job, ...]:
    """Return every job of the current app."""
    return cast("tuple[Job, ...]", current_app.extensions[EXTENSION])


def standing_still() -> dict[str, str]:
    """Return what is wrong with each job that has not run when it should have."""
    found, now = beats.recorded(), clock.now()
    wrong = {}
    for job in jobs():
        if (beat := found.get(job.name)) is None:
            wrong[job.name] = "has never run"
        elif job.is_late(beat.at, now):
            wrong[job.name] = f"last ran at {beat.at:%Y-%m-%d %H:%M} UTC"
        elif not beat.ok:
            wrong[job.name] = f"failed at {beat.at:%Y-%m-%d %H:%M} UTC"
    return wrong


def have_run() -> bool:
    """Return whether each job has run when it had to, whatever came of it."""
    found, now = beats.recorded(), clock.now()
    ran_at = {name: beat.at for name, beat in found.items()}
    return not any(job.is_late(ran_at.get(job.name), now) for job in jobs())


class Background:
    """The jobs of one process."""

    def __init__(
        self, app: Flask, jobs: Iterable[Job], rests: Callable[[], bool] = lambda: False
    ) -> None:
        self.app, self.stopped, self.rests = app, Event(), rests
        self._logged_at: dict[str, float] = {}
        self._beats: dict[str, tuple[datetime, bool]] = {}
        self.threads = [
            Thread(target=self._work, args=(job,), name=f"job {job.name}", daemon=True)
            for job in jobs
        ]

    def start(self) -> None:
        """Start a thread for each job."""
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """Let each job finish its current run, and wait for that."""
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def _work(self, job: Job) -> None:
        lock = Path(self.app.instance_path) / f"{job.name}.lock"
        while not self.stopped.is_set():
            try:
                with self._elected(lock):
                    self._run_repeatedly(job)
            except OSError as error:
                # No file descriptor, or no folder: an ended thread is not restarted.
                self.log_failure(job, error)
                self.stopped.wait(ELECTION_SECONDS)

    def _run_repeatedly(self, job: Job) -> None:
        failures = 0
        while not self.stopped.is_set():
            if not job.opens and self._rests(job):
                self.stopped.wait(ELECTION_SECONDS)
                continue
            failures = 0 if self._run(job) else min(failures + 1, MAX_DOUBLINGS)
            pause = job.every.total_seconds()
            self.stopped.wait(
                min(pause * 2**failures, MAX_PAUSE_SECONDS) if failures else pause
            )

    def _rests(self, job: Job) -> bool:
        """Return whether no job may run now; neither may one that cannot ask."""
        resting = True

        def ask() -> None:
            nonlocal resting
            resting = self.rests()

        return not self._try(job, ask) or resting

    def _run(self, job: Job) -> bool:
        began = perf_counter()
        ok = self._try(job, job.run)
        milliseconds = round((perf_counter() - began) * 1000)
        at, last = clock.now(), self._beats.get(job.name)
        if last is None or last[1] != ok or at - last[0] >= BEAT_EVERY:

            def record() -> None:
                beats.record(job.name, ok=ok, milliseconds=milliseconds)

            if self._try(job, record):
                self._beats[job.name] = at, ok
        return ok

    def _try(self, job: Job, run: Callable[[], None]) -> bool:
        """Run what belongs to `job`; return whether it ended without an error."""
        try:
            with (
                self.app.app_context(),
                postgresql.job(),
                reading(in_use=not job.checks),
            ):
                try:
                    run()
                finally:
                    db.session.remove()
        except Exception as error:  # noqa: BLE001 - the next run follows any failure
            self.log_failure(job, error)
            return False
        return True

    def log_failure(self, job: Job, error: Exception) -> None:
        """Log the failure, unless one of this job was logged a moment ago."""
        now = monotonic()
        if now - self._logged_at.get(job.name, float("-inf")) >= LOG_INTERVAL_SECONDS:
            self._logged_at[job.name] = now
            logger.error("job", exc_info=error, extra={"fields": {"job": job.name}})

    @contextmanager
    def _elected(self, lock: Path) -> Iterator[None]:
        """Wait until this process holds the lock; release it at the end of the block."""
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
