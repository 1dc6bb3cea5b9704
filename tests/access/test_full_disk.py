"""A full disk, of the spool or of the database: no page fails, nothing is lost."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg.errors import DiskFull
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.test import EnvironBuilder, run_wsgi_app

from neupusti.access.ingest import spool_reader
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.recording.recorder import Recorder, SecretPaths
from neupusti.access.recording.spool import ERROR_LOG_SECONDS, Spool
from neupusti.access.recording.visitors import Visitors
from neupusti.config.settings import Settings
from neupusti.core.data.database import ACCESS, db
from neupusti.core.feature import CONSENT_LIFETIME as LIFETIME
from neupusti.core.rules import Permission
from tests import desk
from tests.access.conftest import spool_lines
from tests.access.test_spool_reader import consistent
from tests.canary import listening
from tests.conftest import Visitor
from tests.disks import fill_disk
from tests.lending import SECRET, opened
from tests.people import DANA

REFUSED = "access spool refused"
PAGES = ("/healthz", "/", "/policy/", "/en/cookies/", "/account/login")


def _answer(_environ: Any, start: Any) -> list[bytes]:
    start("200 OK", [])
    return [b"ok"]


def test_a_full_disk_makes_lines_wait(mounted: Callable[[int], Path]) -> None:
    disk = mounted(256)
    ballast = disk / "ballast"
    ballast.write_bytes(b"\x00" * 200 * 1024)
    spool = Spool(disk / "spool")
    visitors = Visitors(SECRET, "visitor", LIFETIME)
    recorder = Recorder(_answer, spool, secrets=lambda: SecretPaths(()), visitors=visitors)
    with listening() as captured:
        for number in range(1000):
            environ = EnvironBuilder(f"/{number}").get_environ()
            body, status, _ = run_wsgi_app(recorder, environ)
            assert (b"".join(body), status) == (b"ok", "200 OK")
    assert spool.refused > 0
    assert len({line for line in captured.lines if REFUSED in line}) == 1

    ballast.unlink()
    spool.close()
    assert spool.lost == 0
    paths = [line["p"] for line in spool_lines(disk / "spool")]
    assert sorted(paths, key=lambda path: int(path[1:])) == [f"/{n}" for n in range(1000)]


def test_it_is_logged_once_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    seconds = [0.0]
    monkeypatch.setattr("neupusti.access.recording.spool.monotonic", lambda: seconds[0])
    spool = Spool(tmp_path / "spool")
    with listening() as captured:
        for minute in range(3):
            for part in (0.0, 0.5, 0.99):
                seconds[0] = (minute + part) * ERROR_LOG_SECONDS
                spool.append(b"{}\n")
                spool.flush()
    assert len({line for line in captured.lines if REFUSED in line}) == 3


@pytest.fixture
def disk(mounted: Callable[[int], Path]) -> Path:
    """A disk with space for one database of the log."""
    return mounted(24 * 1024)


@pytest.fixture
def small_disk_settings(
    settings: Settings, disk: Path, request: pytest.FixtureRequest
) -> Iterator[Settings]:
    """The settings of a site whose log is on that disk."""
    if not settings.access_database_url:
        copy(settings.instance / "access.sqlite", disk)
        yield replace(settings, access_database_url=f"sqlite:///{disk}/access.sqlite")
        return
    cluster = request.getfixturevalue("cluster")
    model = make_url(settings.access_database_url).database
    name = f"small_disk_settings_{model}"
    place = disk / "tablespace"
    place.mkdir()
    cluster.own(place)
    cluster.execute(f"CREATE TABLESPACE {name} LOCATION '{place}'")
    cluster.execute(f"CREATE DATABASE {name} TEMPLATE {model} TABLESPACE {name}")
    yield replace(settings, access_database_url=cluster.url(name))
    cluster.execute(f"DROP DATABASE {name}")
    cluster.execute(f"DROP TABLESPACE {name}")


@pytest.fixture
def site(small_disk_settings: Settings) -> Iterator[Flask]:
    """The site, with its log on that disk."""
    with opened(small_disk_settings) as app:
        app.test_client_class = Visitor
        yield app


@pytest.mark.clause("3.3")
@pytest.mark.slow
def test_no_room_for_the_database_makes_lines_wait(
    site: Flask, disk: Path, spool_folder: Path, enrichment: Enrichment
) -> None:
    engine: Engine = db.engines[ACCESS]
    visitor = site.test_client()
    staff = desk.signed_in(site, desk.member(DANA, Permission.STATISTICS))
    _visit(visitor, 1)
    assert staff.get("/admin/access/", buffered=True).status_code == 200
    spool_reader.ingest(engine, spool_folder, enrichment)
    before = consistent(engine)

    ballast = fill_disk(disk)
    _visit(visitor, 60)
    for _ in range(3):
        with pytest.raises((SQLAlchemyError, DiskFull)):
            spool_reader.ingest(engine, spool_folder, enrichment)
    assert consistent(engine) == before
    assert staff.get("/admin/access/", buffered=True).status_code == 200
    _visit(visitor, 1)

    ballast.unlink()
    assert spool_reader.ingest(engine, spool_folder, enrichment) == 61 * len(PAGES) + 1
    assert consistent(engine) == before + 61 * len(PAGES) + 1


def _visit(visitor: FlaskClient, times: int) -> None:
    for _ in range(times):
        for path in PAGES:
            assert visitor.get(path, buffered=True).status_code == 200, path
