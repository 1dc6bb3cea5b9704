"""Background jobs: one worker process runs each of them, elected by locks.

Every worker process starts a thread per job; the one that gets the lock of a file in the
data folder runs the job, the others wait for it to end. The kernel releases the lock with
the process, however it ends. Where several machines share PostgreSQL, what runs once in
the whole site needs a lock of the database besides (`core.data.election`).

A machine that stands still loses it in the middle of a run and goes on later: so each run
claims in the database what it does. Each run leaves a beat (`core.data.beats`).
"""

import fcntl
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from pathlib import Path
from threading import Event, Thread
from time import monotonic, perf_counter
from typing import cast

from flask import Flask, current_app

from neupusti.core import clock
from neupusti.core.data import beats, machine, postgresql
from neupusti.core.data.beats import JobBeat
from neupusti.core.data.database import beside, db
from neupusti.core.data.election import SiteLocks
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
CALM_TRIES = 5
"""How often in a row, once a minute, a NotYetError is no fault."""
LOG_INTERVAL_SECONDS = 60.0
"""The shortest time between two log lines about failures of one job."""


class NotYetError(RuntimeError):
    """What a job could not end now, as is usual beside others: a fault only if it lasts."""


class Scope(Enum):
    """Where one process at a time runs a job."""

    SITE = auto()
    """In the whole site: its work is in the database."""
    MACHINE = auto()
    """On each machine: its work is in the data folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A periodic task; `run` does what is due and returns."""

    name: str
    every: timedelta
    run: Callable[[], None]
    scope: Scope = Scope.SITE
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
    """Return what is wrong with each job that has not run when it should have.

    A job of each machine is named with the machine, where there are several.
    """
    found, now = beats.recorded(), clock.now()
    wrong = {}
    for job in jobs():
        if not (last := beats.of(job.name, found)):
            wrong[job.name] = "has never run"
        for beat in last:
            if job.is_late(beat.at, now):
                wrong[beat.name] = f"last ran at {beat.at:%Y-%m-%d %H:%M} UTC"
            elif not beat.ok:
                wrong[beat.name] = f"failed at {beat.at:%Y-%m-%d %H:%M} UTC"
    return wrong


def ages() -> dict[str, str]:
    """Return in words how long ago each job last ran, those of machines on this one."""
    found, now, own = beats.recorded(), clock.now(), machine.name()
    return {job.name: _age(found.get(_beat_name(job, own)), now) for job in jobs()}


def _age(beat: JobBeat | None, now: datetime) -> str:
    if beat is None:
        return "has never run"
    return f"{'ran' if beat.ok else 'failed'} {ago(now - beat.at)} ago"


def ago(age: timedelta) -> str:
    """Return a time in words, rounded down: "40 s", "3 min", "2 h"."""
    seconds = max(0, int(age.total_seconds()))
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def have_run() -> bool:
    """Return whether each job has run when it had to, whatever came of it."""
    found, now = beats.recorded().values(), clock.now()
    last = beats.newest((beat.name, beat.at) for beat in found)
    return not any(job.is_late(last.get(job.name), now) for job in jobs())


def _beat_name(job: Job, own: str) -> str:
    return beats.name(job.name, own if job.scope is Scope.MACHINE else "")


class Background:
    """The jobs of one process."""

    def __init__(
        self, app: Flask, jobs: Iterable[Job], rests: Callable[[], bool] = lambda: False
    ) -> None:
        self.app, self.stopped, self.rests = app, Event(), rests
        with app.app_context():
            shared = db.engine.dialect.name == "postgresql"
            self.locks = SiteLocks(beside(db.engine)) if shared else None
        self._logged_at: dict[str, float] = {}
        self._tries = Counter[str]()
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
        if self.locks is not None:
            self.locks.close()

    def _work(self, job: Job) -> None:
        locks = self.locks if job.scope is Scope.SITE else None
        while not self.stopped.is_set():
            try:
                with self._elected(job, locks) as file:
                    self._run_repeatedly(job, locks, file)
            except Exception as error:  # noqa: BLE001 - an ended thread is not restarted
                # No file descriptor, no folder, no other thread.
                self.log_failure(job, error)
                self.stopped.wait(ELECTION_SECONDS)

    def _run_repeatedly(self, job: Job, locks: SiteLocks | None, file: int) -> None:
        """Run `job` when it is due, until the site stops or its lock is lost."""
        failures = 0
        while not self.stopped.is_set():
            if not job.opens and self._rests(job):
                self.stopped.wait(ELECTION_SECONDS)
                continue
            if locks is None:
                ok = self._run(job)
            elif locks.holds(job.name):
                with locks.running(job.name, file):
                    ok = self._run(job)
            else:
                return
            failures = 0 if ok else min(failures + 1, MAX_DOUBLINGS)
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
        if ok := self._try(job, job.run):
            del self._tries[job.name]
        milliseconds = round((perf_counter() - began) * 1000)
        at, last = clock.now(), self._beats.get(job.name)
        if last is None or last[1] != ok or at - last[0] >= BEAT_EVERY:

            def record() -> None:
                own = machine.name() if job.scope is Scope.MACHINE else ""
                beats.record(job.name, ok=ok, milliseconds=milliseconds, machine=own)

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
        """Log the failure, unless one of this job was logged a moment ago.

        Of the first CALM_TRIES with a NotYetError only that the job is tried again.
        """
        self._tries[job.name] += 1
        if isinstance(error, NotYetError) and self._tries[job.name] <= CALM_TRIES:
            fields = {"job": job.name, "why": str(error)}
            logger.info("job is tried again", extra={"fields": fields})
            return
        now = monotonic()
        if now - self._logged_at.get(job.name, float("-inf")) >= LOG_INTERVAL_SECONDS:
            self._logged_at[job.name] = now
            logger.error("job", exc_info=error, extra={"fields": {"job": job.name}})

    @contextmanager
    def _elected(self, job: Job, locks: SiteLocks | None) -> Iterator[int]:
        """Wait until this process holds the locks; release them at the end of the block.

        Yield the file whose lock elects the process of this machine.
        """
        path = Path(self.app.instance_path) / f"{job.name}.lock"
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._wait(lambda: _is_locked(file))
            if locks is not None:
                self._wait(lambda: locks.take(job.name))
            yield file
        finally:
            if locks is not None:
                locks.release(job.name)
            os.close(file)

    def _wait(self, is_elected: Callable[[], bool]) -> None:
        while not self.stopped.is_set() and not is_elected():
            self.stopped.wait(ELECTION_SECONDS)


def _is_locked(file: int) -> bool:
    """Return whether the lock of an open file is taken by this process."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
