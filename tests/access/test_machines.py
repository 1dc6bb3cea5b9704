"""Several machines, each with a spool of its own, count into one PostgreSQL."""

import random
import shutil
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, Table, select, text
from sqlalchemy.exc import SQLAlchemyError

from neupusti.access.ingest import partitions, spool_reader, store
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.ingest.geo import Countries
from neupusti.access.ingest.referrers import Referrers
from neupusti.access.models import (
    Address,
    Finding,
    Latency,
    Record,
    Rollup,
    SeenVisitor,
    Total,
)
from neupusti.access.recording.line import Entry, encode
from neupusti.access.recording.spool import Spool, files
from neupusti.access.retention.terms import RetentionCutoffs
from neupusti.access.service import Aggregator
from neupusti.core.data import postgresql
from neupusti.core.data.database import ACCESS, db
from tests.access import logs
from tests.access.conftest import NOW, count_rows, entry, rows
from tests.forking import forked
from tests.lending import LendDatabases, opened
from tests.served import PAUSE

pytestmark = pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
LINES = 3000
BY_THE_FIRST_REQUEST = ("entry", "referrer", "own_page", "source")
"""Dimensions in which a visitor is counted where it was seen first."""


def enriched() -> Enrichment:
    return Enrichment(Countries(), Referrers(["neupusti.kz"]))


def spooled(folder: Path, entries: list[Entry]) -> None:
    with closing(Spool(folder)) as spool:
        for one in entries:
            spool.append(encode(one))


def visits(dice: random.Random) -> list[Entry]:
    """Return requests of three days, none of them near enough to others to be an attack."""
    people = [
        (f"203.0.{n // 200}.{n % 200 + 1}", dice.choice(logs.PEOPLE)) for n in range(300)
    ]
    people += [(f"66.249.66.{n}", logs.CRAWLERS[0]) for n in range(1, 20)]
    start, step = NOW - timedelta(days=3), timedelta(days=3) / LINES
    found = []
    for number in range(LINES):
        ip, agent = dice.choice(people)
        visitor = f"20261121{ip.replace('.', '').zfill(24)}" if dice.random() < 0.3 else ""
        found.append(
            entry(
                start + number * step,
                ip=ip,
                user_agent=agent,
                path=dice.choice(logs.PAGES),
                status=dice.choice((200, 200, 200, 304, 301, 404, 503)),
                bytes=dice.randrange(50_000),
                duration_us=dice.randrange(90_000),
                route="/catalog/",
                referrer=dice.choice(("", "https://t.me/neupusti", "https://ok.ru/a")),
                granted="statistics" if visitor else "",
                visitor=visitor,
                request_id=f"{number:016}",
            )
        )
    return found


def content(engine: Engine, model: Any, *left_out: str) -> list[tuple[Any, ...]]:
    table: Table = model.__table__
    columns = [column for column in table.c if column.name not in left_out]
    with engine.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(select(*columns)))


def rollups(engine: Engine, *, by_first: bool) -> dict[tuple[str, ...], tuple[int, ...]]:
    """Return the roll-ups; those that depend on the first request, summed by day."""
    sums: dict[tuple[str, ...], tuple[int, ...]] = {}
    for dimension, value, day, *numbers in content(engine, Rollup):
        if (dimension in BY_THE_FIRST_REQUEST) is by_first:
            key = (dimension, str(day)) if by_first else (dimension, value, str(day))
            sums[key] = tuple(map(sum, zip(sums.get(key, (0,) * 4), numbers, strict=True)))
    return sums


@pytest.fixture
def alone(lend_databases: LendDatabases, tmp_path: Path) -> Iterator[Engine]:
    """The access database of another site, which one machine serves."""
    folder = tmp_path / "alone"
    folder.mkdir()
    with lend_databases(folder) as settings, opened(settings):
        yield db.engines[ACCESS]


def test_two_processes_count_as_one_machine(
    engine: Engine, alone: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a first request decides is the same in sum, for one visitor may be at both."""
    monkeypatch.setattr(spool_reader, "BATCH_LINES", 100)
    dice = random.Random(18)
    entries = visits(dice)
    dealt: dict[str, list[Entry]] = {"a": [], "b": []}
    for one in entries:
        dealt[dice.choice("ab")].append(one)
    for name, own in dealt.items():
        spooled(tmp_path / name, own)

    def work(name: str) -> None:
        spool_reader.ingest(engine, tmp_path / name, enriched())

    machines = [forked(work, name) for name in dealt]
    spooled(tmp_path / "whole", entries)
    spool_reader.ingest(alone, tmp_path / "whole", enriched())
    for machine in machines:
        machine.join()
    assert [machine.exitcode for machine in machines] == [0, 0]

    assert {row.request_id for row in rows(engine)} == {one.request_id for one in entries}
    assert content(engine, Record, "id") == content(alone, Record, "id")
    for model in (Total, Latency, Address):
        assert content(engine, model) == content(alone, model)
    assert count_rows(engine, SeenVisitor) == count_rows(alone, SeenVisitor)
    for by_first in (False, True):
        assert rollups(engine, by_first=by_first) == rollups(alone, by_first=by_first)
    assert [list(files(tmp_path / name)) for name in dealt] == [[], []]


@pytest.mark.parametrize(("status", "kind"), [(404, "http-probing"), (503, "error-storm")])
def test_what_a_proxy_deals_out_to_two_machines_is_found_as_by_one(
    engine: Engine, tmp_path: Path, status: int, kind: str
) -> None:
    machines = [(tmp_path / name, enriched()) for name in "ab"]
    for number in range(14):
        at = NOW + timedelta(seconds=number)
        folder, own = machines[number % 2]
        spooled(folder, [entry(at, status=status, path=f"/no/{number}")])
        spool_reader.ingest(engine, folder, own)
    with engine.connect() as connection:
        found = connection.execute(select(Finding.kind, Finding.requests)).all()
    assert [tuple(row) for row in found] == [(kind, 14)]


def attacks(dice: random.Random) -> list[Entry]:
    """Return half a minute in which many do what is found, and others what is not."""
    found = []
    for number in range(750):
        at, kind = NOW + timedelta(milliseconds=40 * number), dice.choice("bceops")
        ip = f"198.{ord(kind)}.{dice.randrange(1 if kind == 'c' else 3)}.1"
        path, status, method = "/", 200, "GET"
        if kind == "p":
            path, status = f"/no/{number}", 404
        elif kind == "b":
            path, status, method = "/account/login", 422, "POST"
        elif kind == "s":
            path, status = f"/{number}/.env", dice.choice((200, 404))
        elif kind == "c":
            path = f"/catalog/{number}"
        elif kind == "e":
            path, status = "/catalog/", 503 if number % 7 == 0 else 200
        else:
            ip = f"203.0.{dice.randrange(200)}.{dice.randrange(200)}"
        found.append(entry(at, ip=ip, path=path, status=status, method=method))
    return found


def findings(engine: Engine) -> dict[tuple[str, ...], tuple[int, ...]]:
    """Return kind, scope and network -> requests, errors and answers, in sum."""
    found: dict[tuple[str, ...], tuple[int, ...]] = {}
    with engine.connect() as connection:
        for row in connection.execute(select(Finding)):
            key, numbers = (row.kind, row.scope, row.network), (row.requests, row.errors)
            found[key] = tuple(map(sum, zip(found.get(key, (0, 0)), numbers, strict=True)))
    return found


def test_half_a_minute_of_attacks_is_judged_as_by_one(
    engine: Engine, alone: Engine, tmp_path: Path
) -> None:
    """The machines take turns twice a second, as their ingests do."""
    dice, one = random.Random(18), enriched()
    machines = [(tmp_path / name, enriched()) for name in "ab"]
    entries = attacks(dice)
    for begin in range(0, len(entries), 12):
        some = entries[begin : begin + 12]
        spooled(tmp_path / "whole", some)
        spool_reader.ingest(alone, tmp_path / "whole", one)
        chosen = [dice.randrange(2) for _entry in some]
        for number, (folder, own) in enumerate(machines):
            spooled(folder, [x for x, to in zip(some, chosen, strict=True) if to == number])
            spool_reader.ingest(engine, folder, own)
    expected = findings(alone)
    assert len(expected) > 10
    assert findings(engine) == expected
    assert content(engine, Total) == content(alone, Total)
    assert content(engine, Address, "finding") == content(alone, Address, "finding")


def test_who_scans_one_machine_is_a_scanner_at_the_other(
    engine: Engine, tmp_path: Path
) -> None:
    first, second = (tmp_path / name for name in "ab")
    own, other = enriched(), enriched()
    spooled(second, [entry(NOW, ip="203.0.113.9")])
    spool_reader.ingest(engine, second, other)
    probes = [
        entry(NOW + timedelta(seconds=n), status=404, path=f"/{n}") for n in range(12)
    ]
    spooled(first, probes)
    spool_reader.ingest(engine, first, own)
    hours_later = NOW + timedelta(hours=2)
    spooled(second, [entry(hours_later), entry(hours_later, status=404, path="/gone")])
    spool_reader.ingest(engine, second, other)
    assert count_rows(engine, Total, Total.__table__.c.scanners) == 2 * 14
    with engine.connect() as connection:
        assert connection.execute(select(Finding.requests)).scalars().all() == [13]


def test_a_copied_folder_adds_nothing_and_is_cleared(
    engine: Engine, enrichment: Enrichment, tmp_path: Path
) -> None:
    with closing(Spool(own := tmp_path / "a")) as spool:
        spool.append(encode(entry(NOW)))
        shutil.copytree(own, copy := tmp_path / "b")
        spool.append(encode(entry(NOW, path="/later")))
        assert spool_reader.ingest(engine, own, enrichment) == 2
        assert spool_reader.ingest(engine, copy, enriched()) == 0
        spool.append(encode(entry(NOW, path="/last")))
        assert spool_reader.ingest(engine, own, enrichment) == 1
    assert list(files(copy)) == []


@pytest.fixture
def impatient(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for locks of tables for a tenth of a second."""
    monkeypatch.setattr(postgresql, "LOCK_SECONDS", 0.1)
    engine.dispose()


@pytest.mark.usefixtures("impatient")
def test_a_machine_that_stops_in_its_turn_loses_it(
    engine: Engine,
    enrichment: Enrichment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other waits for its turn, and the server ends the silent transaction."""
    monkeypatch.setattr(store, "SILENT_SECONDS", 1)
    spooled(tmp_path / "b", [entry(NOW)])
    brought = 0
    with suppress(SQLAlchemyError), store.ingesting(engine):
        brought = spool_reader.ingest(engine, tmp_path / "b", enrichment)
    assert brought == 1


def test_partitions_are_made_in_turn(engine: Engine, tmp_path: Path) -> None:
    """Else both machines would find them missing, and the second would fail."""
    terms = RetentionCutoffs(ip_days=30, days=90)
    other = Aggregator(engine, tmp_path / "b", enriched, terms)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            other.work()
        except SQLAlchemyError as error:
            failed.append(error)

    thread = Thread(target=work)
    with store.ingesting(engine) as first:
        partitions.ensure(first, partitions.ahead())
        thread.start()
        with engine.connect() as looking:
            blocked = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            while thread.is_alive() and not looking.scalar(blocked):
                Event().wait(PAUSE)
    thread.join()
    assert failed == []
