"""Lines that could not be written are published, and counted once."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from neupusti.access.ingest import spool_reader
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.models import Cursor, Rollup
from neupusti.access.recording import spool, tally
from neupusti.access.recording.line import encode
from neupusti.access.recording.spool import Spool
from neupusti.access.recording.tally import UnwrittenLines, WorkerTally, unwritten
from neupusti.access.retention import sweep
from neupusti.access.retention.terms import RetentionCutoffs
from neupusti.core import clock
from tests.access.conftest import count_rows, entry
from tests.access.test_spool_reader import stays
from tests.disks import fill_disk
from tests.times import Clock

FORK = get_context("fork")
LINE = encode(entry(datetime(2026, 11, 22, 7, tzinfo=UTC)))


@pytest.fixture
def full(mounted: Callable[[int], Path]) -> Path:
    """A folder on a full disk."""
    disk = mounted(256)
    folder = disk / "spool"
    folder.mkdir()
    fill_disk(disk)
    return folder


def test_a_full_disk_takes_a_tally(full: Path) -> None:
    published = WorkerTally(full, "worker")
    assert unwritten(full, {}) == UnwrittenLines(lost=0, waiting=0)
    published.update(7, 3)
    assert unwritten(full, {}) == UnwrittenLines(lost=7, waiting=3)
    assert unwritten(full, {"worker.lost": 5}) == UnwrittenLines(lost=2, waiting=3)
    published.update(8, 0)
    assert unwritten(full, {}) == UnwrittenLines(lost=8, waiting=0)
    with pytest.raises(OSError, match="No space left"):
        (full / "proof").write_bytes(b"x")


def test_what_waited_in_a_dead_worker_is_lost(tmp_path: Path) -> None:
    published = WorkerTally(tmp_path, "worker")
    published.update(2, 3)
    published.close()
    assert unwritten(tmp_path, {}) == UnwrittenLines(lost=5, waiting=0)
    # An aggregator was killed between removing the two files.
    (tmp_path / "worker.waiting").unlink()
    assert unwritten(tmp_path, {"worker.lost": 5}) == UnwrittenLines(lost=0, waiting=0)


def test_a_missing_folder_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    published = WorkerTally(tmp_path / "spool", "worker")
    published.update(1, 1)
    assert unwritten(tmp_path / "spool", {}) == UnwrittenLines(lost=0, waiting=0)
    (tmp_path / "spool").unlink()
    published.update(1, 1)
    assert unwritten(tmp_path / "spool", {}) == UnwrittenLines(lost=1, waiting=1)


def test_lost_lines_are_counted_once(
    engine: Engine, enrichment: Enrichment, spool_folder: Path
) -> None:
    published = WorkerTally(spool_folder, "worker")
    for lost, waiting, counted in ((4, 9, 4), (4, 9, 4), (6, 2, 6)):
        published.update(lost, waiting)
        assert spool_reader.ingest(engine, spool_folder, enrichment) == 0
        assert count_rows(engine, Rollup, Rollup.requests) == counted
    published.close()
    for _ in range(2):
        assert spool_reader.ingest(engine, spool_folder, enrichment) == 0
        assert count_rows(engine, Rollup, Rollup.requests) == 8
    assert list(spool_folder.iterdir()) == []
    assert count_rows(engine, Cursor) == stays(engine)


def test_they_are_not_counted_again_once_their_count_is_old(
    engine: Engine, enrichment: Enrichment, spool_folder: Path, at: Clock
) -> None:
    """A cursor goes with its day, but that of a worker that still runs is in use."""
    published = WorkerTally(spool_folder, "worker")
    published.update(1000, 0)
    spool_reader.ingest(engine, spool_folder, enrichment)
    at(clock.now() + timedelta(days=100))
    sweep.sweep(engine, RetentionCutoffs(ip_days=30, days=90))
    published.update(1001, 0)
    spool_reader.ingest(engine, spool_folder, enrichment)
    assert count_rows(engine, Rollup, Rollup.requests) == 1001


def test_a_worker_killed_while_the_disk_is_full_leaves_its_number(
    full: Path, engine: Engine, enrichment: Enrichment
) -> None:
    def serve() -> None:
        spooled = Spool(full)
        for _ in range(40):
            spooled.append(LINE)
        os.kill(os.getpid(), 9)

    process = FORK.Process(target=serve)
    process.start()
    process.join()
    assert process.exitcode == -9
    assert unwritten(full, {}) == UnwrittenLines(lost=40, waiting=0)
    assert spool_reader.ingest(engine, full, enrichment) == 0
    assert count_rows(engine, Rollup, Rollup.requests) == 40


@pytest.mark.clause("3.3.2")
def test_staff_see_the_numbers_while_the_disk_is_full(
    staff: FlaskClient,
    spool_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    refusing: Callable[[], None],
) -> None:
    monkeypatch.setattr(spool, "MAX_WAITING_LINES", 4)
    other = WorkerTally(spool_folder, "another-worker")
    other.update(1000, 30)
    refusing()
    for _ in range(6):
        assert staff.get("/en/admin/access/").data
    text = " ".join(staff.get("/en/admin/access/").text.split())
    assert "<dt>Lines lost</dt><dd>1,002</dd>" in text
    assert (
        "<dt>Lines that wait for room on the disk</dt><dd><strong>34</strong></dd>" in text
    )
    other.close()


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the disk refuse every line of the spool from now on."""

    def refuse() -> None:
        monkeypatch.setattr(Spool, "_write", lambda _self, _line: False)

    return refuse


def test_a_fork_publishes_its_own_counts(
    tmp_path: Path, refusing: Callable[[], None]
) -> None:
    refusing()
    spooled = Spool(tmp_path)
    spooled.append(LINE)
    spooled.unwritable(ValueError())

    def serve() -> None:
        spooled.append(LINE)
        spooled.close()

    process = FORK.Process(target=serve)
    process.start()
    process.join()
    published = {(one.lost, one.waiting, one.alive) for one in tally.tallies(tmp_path)}
    assert published == {(1, 1, True), (0, 1, False)}
