import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine

from neupusti.access.models import Address, Latency, Rollup, Salt, Seen, Sweep, Total
from neupusti.access.service import drain, sweep
from neupusti.access.service.drain import Enrichment
from neupusti.access.service.line import Entry, encode
from neupusti.access.service.spool import Spool
from neupusti.access.service.terms import Terms
from neupusti.config import Settings
from tests.access.conftest import entry, number, rows

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
TERMS = Terms(ip_days=30, days=90)


@pytest.fixture(autouse=True)
def today(at: Callable[[datetime], None]) -> None:
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
    assert sweep.masked(ip) == masked


@pytest.mark.clause("3.3", "5.1")
def test_addresses_go_after_their_term_and_rows_after_theirs(
    engine: Engine, keep: Callable[..., None]
) -> None:
    ages = (0, 29, 30, 31, 89, 90, 91, 400)
    keep(entry(ago(days), path=f"/{days}", ip="203.0.113.77") for days in ages)
    keep([entry(ago(40), path="/six", ip="2001:db8:1:2::9"), entry(ago(40), ip="unknown")])

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
    assert number(engine, Address) == 3
    assert number(engine, Seen) == number(engine, Salt) == 3
    assert not sweep.due(engine, TERMS).anything


@pytest.mark.clause("5.1")
def test_each_run_leaves_a_row(engine: Engine, keep: Callable[..., None]) -> None:
    keep([entry(ago(91)), entry(ago(31))])
    sweep.sweep(engine, TERMS)
    sweep.sweep(engine, TERMS)
    with engine.connect() as connection:
        first, second = connection.execute(Sweep.__table__.select().order_by(Sweep.id))
    assert (first.masked, first.destroyed, first.complete) == (1, 1, True)
    assert (second.masked, second.destroyed, second.complete) == (0, 0, True)
    assert first.masked_before.isoformat() == "2026-10-23"
    assert first.destroyed_before.isoformat() == "2026-08-24"


def test_a_dry_run_changes_nothing(
    command: Callable[..., Result], engine: Engine, keep: Callable[..., None]
) -> None:
    keep([entry(ago(91)), entry(ago(31))])
    before = rows(engine)
    output = command("sweep", "--dry-run").output
    assert "rows masked     1" in output
    assert "rows destroyed  1" in output
    assert "Nothing was changed" in output
    assert rows(engine) == before
    assert number(engine, Sweep) == 0
    assert command("sweep").exit_code == 0
    assert len(rows(engine)) == 1


def test_rows_that_come_late_are_swept_too(
    engine: Engine, keep: Callable[..., None]
) -> None:
    keep([entry(ago(40))])
    sweep.sweep(engine, TERMS)
    keep([entry(ago(40), ip="198.51.100.9"), entry(ago(100))])
    swept = sweep.sweep(engine, TERMS)
    assert (swept.masked, swept.destroyed) == (1, 1)
    assert {row.ip for row in rows(engine)} == {"203.0.113.0", "198.51.100.0"}


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
            ago(31 + at % 90),
            ip=str(address),
            user_agent=f"Canary/{at:06} (planted)",
            path=f"/product/{at % 50}",
        )


@pytest.mark.clause("5.1")
def test_destroyed_means_destroyed(
    engine: Engine,
    enrichment: Enrichment,
    settings: Settings,
    spool_folder: Path,
    request: pytest.FixtureRequest,
) -> None:
    entries = list(planted(10_000))
    spool = Spool(spool_folder)
    for one in entries:
        spool.append(encode(one))
    spool.close()
    drain.drain(engine, spool_folder, enrichment)
    kept = _rollups(engine)
    folder = _folder(engine, settings, request)
    canaries = {one.ip.encode() for one in entries if not one.ip.endswith((".0", "::"))}
    planted_ones = _found(folder, canaries)
    assert len(planted_ones & canaries) > 0.99 * len(canaries)
    assert b"Canary/004711" in planted_ones

    assert sweep.sweep(engine, TERMS).complete
    assert _rollups(engine) == kept
    assert _found(_folder(engine, settings, request), canaries) == set()


def _folder(engine: Engine, settings: Settings, request: pytest.FixtureRequest) -> Path:
    """Return the folder of everything the database keeps, as it stands on the disk."""
    if engine.dialect.name == "sqlite":
        return settings.instance
    cluster = request.getfixturevalue("cluster")
    cluster.execute("CHECKPOINT")
    with engine.connect() as connection:
        path = connection.exec_driver_sql("SELECT pg_relation_filepath('access_sweep')")
        return Path(cluster.data / path.scalar_one()).parent


def _rollups(engine: Engine) -> list[list[Any]]:
    tables = (Total, Rollup, Latency)
    with engine.connect() as connection:
        return [
            sorted(map(tuple, connection.execute(model.__table__.select())))
            for model in tables
        ]


WORDS = re.compile(
    rb"(?=(Canary/\d{6}|\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{1,4}(?:::?[0-9a-f]{1,4}){2,7}))"
)


def _found(folder: Path, canaries: set[bytes]) -> set[bytes]:
    """Return the planted words that stand anywhere in the files of `folder`."""
    found: set[bytes] = set()
    for path in folder.rglob("*"):
        if path.is_file():
            hits = set(WORDS.findall(path.read_bytes()))
            found |= {hit for hit in hits if hit.startswith(b"Canary")}
            # A digit of the next column may stand right behind an address.
            found |= {hit[: len(hit) - cut] for hit in hits for cut in range(4)} & canaries
    return found
