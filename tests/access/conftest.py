"""Fixtures of the access log: recorded requests, an ingested spool, prepared rows."""

import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.engine import Row

from neupusti.access.ingest import judging, store
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.ingest.geo import Countries
from neupusti.access.ingest.referrers import Referrers
from neupusti.access.models import Record, millis
from neupusti.access.recording.line import Entry
from neupusti.config.settings import Settings
from neupusti.core.data.database import ACCESS, db
from neupusti.core.rules import Permission
from tests import desk
from tests.access import logs
from tests.disks import mounted  # noqa: F401 - a fixture
from tests.people import DANA

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Safari/537.36"
)


def spool_lines(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a spool folder."""
    return [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_bytes().splitlines()
    ]


def entry(at: datetime, **fields: Any) -> Entry:
    """Return an entry that differs from a plain visit only in `fields`."""
    plain = {
        "ip": "203.0.113.7",
        "method": "GET",
        "path": "/",
        "status": 200,
        "bytes": 1000,
        "user_agent": BROWSER,
    }
    return Entry(at=millis(at), **{**plain, **fields})


@pytest.fixture
def enrichment() -> Enrichment:
    """Countries from the registries' data, and one own host."""
    return Enrichment(Countries(), Referrers(["neupusti.kz"]))


@pytest.fixture
def engine(app: Flask) -> Engine:
    """The access database of this test."""
    return db.engines[ACCESS]


@pytest.fixture
def load(engine: Engine, enrichment: Enrichment) -> Callable[[Iterable[Entry]], None]:
    """Write entries into the database as one batch."""

    def write(entries: Iterable[Entry]) -> None:
        with store.ingesting(engine) as connection:
            judging.write(connection, list(entries), enrichment)

    return write


@pytest.fixture
def spool_folder(settings: Settings) -> Path:
    """The spool of the app under test."""
    return settings.instance / "access-spool"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The path of a log."""
    return tmp_path / "access.log"


@pytest.fixture
def command(app: Flask) -> Callable[..., Result]:
    """Run `flask access …`."""
    runner = app.test_cli_runner()

    def run(*arguments: object) -> Result:
        return runner.invoke(args=["access", *map(str, arguments)])

    return run


def rows(engine: Engine) -> list[Row[Any]]:
    """Return every raw row, oldest first."""
    with engine.connect() as connection:
        return list(connection.execute(select(Record).order_by(Record.at, Record.id)))


def count_rows(engine: Engine, model: Any, column: Any = None) -> int:
    """Return how many rows a table has, or the sum of a column."""
    what = func.count() if column is None else func.coalesce(func.sum(column), 0)
    with engine.connect() as connection:
        return int(connection.execute(select(what).select_from(model)).scalar_one())


@pytest.fixture
def staff(app: Flask) -> FlaskClient:
    """The browser of Дана, who may see the statistics."""
    return desk.signed_in(app, desk.member(DANA, Permission.STATISTICS))


def csrf_token(page: str) -> str:
    """Return the CSRF token of a form."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None
    return found[1]


@pytest.fixture
def busy(load: Callable[..., None]) -> None:
    """A week of people, a robot, a missing page, and a server error."""
    entries = []
    for day in range(8):
        moment = NOW - timedelta(days=day, hours=1)
        for at in range(20):
            agent = logs.PEOPLE[at % len(logs.PEOPLE)]
            entries.append(
                entry(
                    moment + timedelta(seconds=at),
                    ip=f"203.0.113.{at}",
                    user_agent=agent,
                    path="/catalog/" if at % 2 else "/",
                    referrer="https://t.me/neupusti" if at % 5 == 0 else "",
                    duration_us=1000 * (at + 1),
                    route="/catalog/" if at % 2 else "/",
                )
            )
        entries.append(entry(moment, ip="66.249.66.1", user_agent=logs.CRAWLERS[0]))
    yesterday = NOW - timedelta(days=1)
    entries += [
        entry(yesterday, path="/old-page", status=404, referrer="https://ok.ru/a")
        for _ in range(9)
    ]
    entries.append(
        entry(yesterday, path="/broken", status=500, request_id="feedfacefeedface")
    )
    load(entries)
