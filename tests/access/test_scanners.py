"""Scanners are counted apart, also what they did before they were seen scanning."""

import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from neupusti.access.ingest import judging, store
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.ingest.geo import Countries
from neupusti.access.ingest.referrers import Referrers
from neupusti.access.models import Address, Record, Rollup, Total
from neupusti.access.recording.line import Entry
from tests.access import logs
from tests.access.conftest import NOW, entry
from tests.times import Clock

START = NOW - timedelta(hours=6)
PEOPLE = ("203.0.113.7", "203.0.113.8", "2001:db8::7")
SCANNER, CRAWLER = "198.51.100.9", "2001:db8:9::1"


@pytest.fixture(autouse=True)
def today(at: Clock) -> None:
    at(NOW)


def attacked() -> list[Entry]:
    """Return a morning of people and two scanners; both look like people at first."""
    dice = random.Random(3)
    found = []
    for at in range(400):
        ip = dice.choice((*PEOPLE, SCANNER, CRAWLER))
        moment = START + timedelta(seconds=40 * at)
        page = dice.choice(("/", "/catalog/", "/product/1", "/static/a.css", "/admin/"))
        status = dice.choice((200, 200, 301, 404, 500))
        found.append(
            entry(
                moment, ip=ip, path=page, status=status,
                user_agent=dice.choice(logs.PEOPLE[:2] + logs.CRAWLERS[1:2]),
                referrer=dice.choice(("", "https://t.me/neupusti", "https://ok.ru/a")),
                duration_us=1000, route=page,
            )
        )  # fmt: skip
    noon = START + timedelta(hours=4)
    found += [
        entry(noon + timedelta(seconds=at), ip=SCANNER, path=f"/{at}.php", status=404)
        for at in range(30)
    ]
    found += [
        entry(noon + timedelta(milliseconds=at), ip=CRAWLER, path=f"/product/{at}")
        for at in range(90)
    ]
    return sorted(found, key=lambda one: one.at)


def counts(engine: Engine) -> dict[str, list[Any]]:
    """Return every row of the totals, the roll-ups and the labels of the requests."""
    with engine.connect() as connection:
        return {
            "totals": sorted(map(tuple, connection.execute(select(Total.__table__)))),
            "rollups": sorted(map(tuple, connection.execute(select(Rollup.__table__)))),
            "rows": sorted(
                map(
                    tuple,
                    connection.execute(
                        select(Record.at, Record.ip, Record.path, Record.bot)
                    ),
                )
            ),
            "scanners": sorted(
                map(
                    tuple,
                    connection.execute(
                        select(Address.ip, Address.requests).where(Address.finding != "")
                    ),
                )
            ),
        }


def new_enrichment() -> Enrichment:
    return Enrichment(Countries(), Referrers(["neupusti.kz"]))


def write(engine: Engine, batches: Iterable[list[Entry]], *, restart: bool = False) -> None:
    """Ingest batches, with a new process for each of them if it restarts."""
    enrichment = new_enrichment()
    for some in batches:
        if restart:
            enrichment = new_enrichment()
        with store.ingesting(engine) as connection:
            judging.write(connection, some, enrichment)


def cut(entries: list[Entry], size: int) -> list[list[Entry]]:
    return [entries[at : at + size] for at in range(0, len(entries), size)]


def empty(engine: Engine) -> None:
    """Delete all that was counted."""
    with store.ingesting(engine) as connection:
        for table in ("record", "address", "seen", "total", "rollup", "latency", "finding"):
            connection.exec_driver_sql(f"DELETE FROM access_{table}")


@pytest.mark.clause("3.3.2")
@pytest.mark.parametrize(
    ("size", "restart"), [(1000, False), (37, False), (200, True), (7, False)]
)
def test_figures_do_not_depend_on_when_a_scanner_is_seen(
    engine: Engine, size: int, *, restart: bool
) -> None:
    """The same as if it had been known from the first request of the day."""
    entries = attacked()
    write(engine, cut(entries, size), restart=restart)
    found = counts(engine)
    assert [ip for ip, _ in found["scanners"]] == [SCANNER, CRAWLER]
    empty(engine)
    with store.ingesting(engine) as connection:
        known = {(NOW.date().isoformat(), ip): "x" for ip in (SCANNER, CRAWLER)}
        enrichment = new_enrichment()
        for theirs in (False, True):
            some = [one for one in entries if (one.ip in {SCANNER, CRAWLER}) == theirs]
            store.write(connection, enrichment.batch(some, known if theirs else None))
        connection.execute(
            update(Address).where(Address.ip.in_([SCANNER, CRAWLER])).values(finding="x")
        )
    expected = counts(engine)
    for name, rows in expected.items():
        kinds = {"reason"}
        assert [row for row in found[name] if row[0] not in kinds] == [
            row for row in rows if row[0] not in kinds
        ], name
