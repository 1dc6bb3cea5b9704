"""Machines that share one PostgreSQL: in this process, and in others that can be killed."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.process import BaseProcess

import pytest
from sqlalchemy import text

from neupusti.config.settings import Settings
from neupusti.core.background import Background
from neupusti.core.data import election
from neupusti.core.data.database import db
from neupusti.core.data.election import SiteLocks
from tests.forking import forked

TRIES = 5
"""How often a machine asks for a lock in the ten seconds that it may have to wait."""
HOLDER = text(
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
    " AND (classid::bigint << 32) | objid::bigint = :key"
)


@contextmanager
def started(work: Background) -> Iterator[None]:
    """Let the jobs of a machine run for a block."""
    work.start()
    try:
        yield
    finally:
        work.stop()


@contextmanager
def elsewhere(
    work: Callable[..., None], settings: Settings, *arguments: object
) -> Iterator[BaseProcess]:
    """Let another process be a machine with a data folder of its own for a block."""
    folder = settings.instance / "elsewhere"
    folder.mkdir()
    child = forked(work, replace(settings, instance=folder), *arguments)
    try:
        yield child
    finally:
        child.kill()
        child.join()


def holder(job: str) -> int | None:
    """Return the connection of the server that holds the lock of a job."""
    with db.engine.connect() as connection:
        found: int | None = connection.scalar(HOLDER, {"key": election.key(job)})
        return found


def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Return how often this process asks for the lock of each job from now on."""
    asked: Counter[str] = Counter()
    take = SiteLocks.take

    def counting(locks: SiteLocks, name: str) -> bool:
        asked[name] += 1
        return take(locks, name)

    monkeypatch.setattr(SiteLocks, "take", counting)
    return asked
