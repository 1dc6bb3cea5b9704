"""Fixtures of the access log: recorded requests, an ingested spool, prepared rows."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.engine import Row

from neupusti.access.ingest import store
from neupusti.access.ingest.batch import Enrichment, days_of
from neupusti.access.ingest.geo import Countries
from neupusti.access.ingest.referrers import Referrers
from neupusti.access.models import Record, millis
from neupusti.access.recording.line import Entry
from neupusti.config.settings import Settings
from neupusti.core.data.database import ACCESS, db
from neupusti.core.rules import Permission
from tests import desk
from tests.access import logs
from tests.conftest import missing
from tests.people import DANA
from tests.postgres import ground

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
        listed = list(entries)
        with store.ingesting(engine) as connection:
            salts = store.salts(connection, days_of(listed))
            store.write(connection, enrichment.batch(listed, salts))

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


@pytest.fixture
def mounted() -> Iterator[Callable[[int], Path]]:
    """Mount a file system of so many KiB that PostgreSQL can access too."""
    if os.geteuid() != 0:
        missing("the right to mount a small disk")
    disks: list[Path] = []

    def mount(size: int) -> Path:
        disks.append(home / f"disk-{len(disks)}")
        disks[-1].mkdir()
        tmpfs = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(disks[-1])]
        if subprocess.run(tmpfs, check=False, capture_output=True).returncode:
            disks.pop()
            missing("the right to mount a small disk")
        return disks[-1]

    with ground() as home:
        yield mount
        for disk in disks:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill_disk(disk: Path) -> Path:
    """Fill `disk` to the last byte; return the file that fills it."""
    filler = disk / "filler"
    file = os.open(filler, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        while True:
            os.write(file, bytes(4096))
    except OSError:
        os.close(file)
    return filler


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
