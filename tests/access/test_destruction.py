"""Destruction leaves no byte of thousands of addresses in any file."""

import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from neupusti.access.ingest import partitions, spool_reader
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.models import Latency, Rollup, Total
from neupusti.access.recording.line import Entry, encode
from neupusti.access.recording.spool import Spool
from neupusti.access.retention import sweep
from neupusti.access.retention.terms import RetentionCutoffs
from neupusti.config.settings import Settings
from tests.access.conftest import entry
from tests.times import Clock

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
TERMS = RetentionCutoffs(ip_days=30, days=90)
CANARIES = re.compile(
    rb"(?=(Canary/\d{6}|\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{1,4}(?:::?[0-9a-f]{1,4}){2,7}))"
)


@pytest.fixture(autouse=True)
def today(at: Clock) -> None:
    at(NOW)


def planted(count: int) -> Iterator[Entry]:
    """Yield requests of many addresses, each with its own browser, 30 to 120 days old."""
    dice = random.Random(7)
    for at in range(count):
        address = (
            IPv6Address(dice.getrandbits(128))
            if at % 4 == 0
            else IPv4Address(dice.randrange(1 << 24, 1 << 32) | 0x11)
        )
        yield entry(
            NOW - timedelta(days=31 + at % 90),
            ip=str(address),
            user_agent=f"Canary/{at:06} (planted)",
            path=f"/product/{at % 50}",
        )


@pytest.mark.ordeal(1_000, 10_000)
@pytest.mark.clause("5.1")
def test_destruction_leaves_no_trace(
    engine: Engine,
    enrichment: Enrichment,
    spool_folder: Path,
    searched: Callable[[], Iterator[Path]],
    size: int,
) -> None:
    entries = list(planted(size))
    spool = Spool(spool_folder)
    for one in entries:
        spool.append(encode(one))
    spool.close()
    canaries = {one.ip.encode() for one in entries if not one.ip.endswith((".0", "::"))}
    spool_reader.ingest(engine, spool_folder, enrichment)
    _analyze(engine)
    kept = _rollups(engine)
    there = _found(searched(), canaries)
    assert len(there & canaries) > 0.99 * len(canaries)
    assert b"Canary/000471" in there

    assert sweep.sweep(engine, TERMS).complete
    assert _rollups(engine) == kept
    assert _found(searched(), canaries) == set()
    if engine.dialect.name == "postgresql":
        _analyze(engine)
        assert _samples(engine) == set()


def _samples(engine: Engine) -> set[tuple[str, str]]:
    """Return the columns with personal data of which PostgreSQL keeps samples."""
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT tablename, attname FROM pg_stats")
        return {
            (table, column)
            for table, column in found
            for kept, columns in partitions.TABLES.items()
            if table.startswith(kept) and column in columns
        }


def _analyze(engine: Engine) -> None:
    """Let the database collect its statistics, as autovacuum does."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


@pytest.fixture
def searched(
    engine: Engine, settings: Settings, request: pytest.FixtureRequest
) -> Callable[[], Iterator[Path]]:
    """Yield every file that may hold traces: database, write-ahead logs and spool."""
    if engine.dialect.name == "sqlite":
        return lambda: settings.instance.rglob("*")
    cluster = request.getfixturevalue("cluster")
    with engine.connect() as connection:
        path = connection.exec_driver_sql("SELECT pg_relation_filepath('access_sweep')")
        own = Path(cluster.data / path.scalar_one()).parent

    def files() -> Iterator[Path]:
        # A checkpoint removes obsolete files; two, because the first one writes.
        for statement in ("SELECT pg_switch_wal()", "CHECKPOINT") * 2:
            cluster.execute(statement)
        for path in cluster.data.rglob("*"):
            if own in path.parents or own.parent not in path.parents:
                yield path
        yield from settings.instance.rglob("*")

    return files


def _rollups(engine: Engine) -> list[list[Any]]:
    tables = (Total, Rollup, Latency)
    with engine.connect() as connection:
        return [
            sorted(map(tuple, connection.execute(model.__table__.select())))
            for model in tables
        ]


def _found(files: Iterator[Path], canaries: set[bytes]) -> set[bytes]:
    """Return the canaries found in `files`."""
    found: set[bytes] = set()
    for path in files:
        try:
            hits = set(CANARIES.findall(path.read_bytes()))
        except (IsADirectoryError, FileNotFoundError, OSError):
            continue
        found |= {hit for hit in hits if hit.startswith(b"Canary")}
        # A digit of the next column may follow an address directly.
        found |= {hit[: len(hit) - cut] for hit in hits for cut in range(4)} & canaries
    return found
