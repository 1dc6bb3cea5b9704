from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from neupusti.access.ingest import partitions
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.ingest.findings.identity import mask_address
from neupusti.access.models import Address, Record, Salt, SeenVisitor, Sweep
from neupusti.access.recording.line import encode
from neupusti.access.recording.spool import Spool
from neupusti.access.retention import sweep
from neupusti.access.retention.terms import RetentionCutoffs
from neupusti.access.service import Aggregator
from neupusti.config.settings import settings
from neupusti.core.registry import registry
from tests.access.conftest import count_rows, entry, rows
from tests.conftest import SQLITE
from tests.times import Clock

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
TERMS = RetentionCutoffs(ip_days=30, days=90)


@pytest.fixture(autouse=True)
def today(at: Clock) -> None:
    at(NOW)


def ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


@pytest.mark.parametrize(
    ("ip", "masked"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("::1", "::"),
        ("unknown", "unknown"),
    ],
)
def test_a_masked_address_names_nobody(ip: str, masked: str) -> None:
    assert mask_address(ip) == masked


@pytest.mark.clause("3.3", "5.1")
def test_addresses_go_after_their_term_and_rows_after_theirs(
    engine: Engine, load: Callable[..., None]
) -> None:
    ages = (0, 29, 30, 31, 89, 90, 91, 400)
    load(entry(ago(days), path=f"/{days}", ip="203.0.113.77") for days in ages)
    load([entry(ago(40), path="/six", ip="2001:db8:1:2::9"), entry(ago(40), ip="unknown")])

    swept = sweep.sweep(engine, TERMS)
    left = {row.path: (row.ip, row.user_agent is None) for row in rows(engine)}
    assert left == {
        "/0": ("203.0.113.77", False),
        "/29": ("203.0.113.77", False),
        "/30": ("203.0.113.77", False),
        "/31": ("203.0.113.0", True),
        "/89": ("203.0.113.0", True),
        "/90": ("203.0.113.0", True),
        "/six": ("2001:db8:1::", True),
        "/": ("unknown", True),
    }
    assert (swept.masked, swept.destroyed) == (5, 2)
    assert count_rows(engine, Address) == 3
    assert count_rows(engine, SeenVisitor) == count_rows(engine, Salt) == 3
    assert not sweep.due(engine, TERMS).any_rows


@pytest.mark.manifest(field="retention")
def test_the_published_terms_are_those_of_the_sweep(app: Flask) -> None:
    rules = [rule for rule in registry().retention if rule.model is Record]
    known = settings()
    assert {(rule.masked, rule.term) for rule in rules} == {
        (True, known.access_ip_days),
        (False, known.access_days),
    }


@pytest.mark.clause("5.1")
def test_each_run_leaves_a_row(engine: Engine, load: Callable[..., None]) -> None:
    load([entry(ago(91)), entry(ago(31))])
    sweep.sweep(engine, TERMS)
    sweep.sweep(engine, TERMS)
    with engine.connect() as connection:
        first, second = connection.execute(Sweep.__table__.select().order_by(Sweep.id))
    assert (first.masked, first.destroyed, first.complete) == (1, 1, True)
    assert (second.masked, second.destroyed, second.complete) == (0, 0, True)
    assert first.masked_before.isoformat() == "2026-10-23"
    assert first.destroyed_before.isoformat() == "2026-08-24"


def test_a_dry_run_changes_nothing(
    command: Callable[..., Result], engine: Engine, load: Callable[..., None]
) -> None:
    load([entry(ago(91)), entry(ago(31))])
    before = rows(engine)
    output = command("sweep", "--dry-run").output
    assert "rows masked     1" in output
    assert "rows destroyed  1" in output
    assert "Nothing was changed" in output
    assert rows(engine) == before
    assert count_rows(engine, Sweep) == 0
    assert command("sweep").exit_code == 0
    assert len(rows(engine)) == 1


def test_rows_that_come_late_are_swept_too(
    engine: Engine, load: Callable[..., None]
) -> None:
    load([entry(ago(40))])
    sweep.sweep(engine, TERMS)
    load([entry(ago(40), ip="198.51.100.9"), entry(ago(100))])
    swept = sweep.sweep(engine, TERMS)
    assert (swept.masked, swept.destroyed) == (1, 1)
    assert {row.ip for row in rows(engine)} == {"203.0.113.0", "198.51.100.0"}


@SQLITE
def test_a_sweep_beside_a_reader_is_incomplete_and_repeated(
    engine: Engine, load: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the reader still sees stays in the write-ahead log, with the addresses in it."""
    monkeypatch.setattr(sweep, "MAX_CHECKPOINTS", 2)
    load([entry(ago(100)), entry(NOW)])
    with engine.connect() as reader, impatient(engine):
        reader.execute(text("SELECT count(*) FROM access_record"))
        assert not sweep.sweep(engine, TERMS).complete
        assert not sweep.sweep(engine, TERMS).complete
    assert sweep.sweep(engine, TERMS).complete
    with engine.connect() as connection:
        query = Sweep.__table__.select().order_by(Sweep.id)
        runs = [(run.destroyed, run.complete) for run in connection.execute(query)]
    assert runs == [(1, False), (0, False), (0, True)]


@contextmanager
def impatient(engine: Engine) -> Iterator[None]:
    """Let new connections wait a moment instead of seconds."""

    def hurry(connection: Any, *_words: object) -> None:
        connection.execute("PRAGMA busy_timeout=10").close()

    event.listen(engine, "checkout", hurry)
    yield
    event.remove(engine, "checkout", hurry)


@pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
def test_a_slow_reader_blocks_neither_ingest_nor_sweep(
    engine: Engine,
    load: Callable[..., None],
    spool_folder: Path,
    enrichment: Enrichment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(partitions, "LOCK_SECONDS", 0.05)
    load([entry(ago(100)), entry(NOW)])
    worker = Aggregator(engine, spool_folder, lambda: enrichment, TERMS)
    with engine.connect() as reader:
        reader.execute(text("SELECT count(*) FROM access_record"))
        with pytest.raises(OperationalError, match="lock timeout"):
            worker.work()
        spool = Spool(spool_folder)
        spool.append(encode(entry(NOW, path="/meanwhile")))
        spool.close()
        worker.work()
        assert {row.path for row in rows(engine)} == {"/", "/meanwhile"}
        assert count_rows(engine, Sweep) == 0
    assert sweep.sweep(engine, TERMS).destroyed == 1
