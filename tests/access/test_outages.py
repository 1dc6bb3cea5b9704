"""A locked or stopped database: no page fails or waits, and nothing is lost."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from neupusti.access.ingest import spool_reader
from neupusti.access.ingest.batch import Enrichment
from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core.data.database import ACCESS, db
from neupusti.core.rules import Permission
from tests import desk
from tests.access.conftest import rows
from tests.access.test_spool_reader import consistent
from tests.conftest import SQLITE, Visitor, missing
from tests.people import DANA
from tests.postgres import Cluster, binaries, ground

PAGES = ("/healthz", "/", "/policy/", "/en/cookies/", "/account/login", "/robots.txt")


class Server:
    """A PostgreSQL that can be stopped and started again."""

    def __init__(self, home: Path) -> None:
        self.cluster = Cluster(home)
        self.cluster._prepare()
        self._run("initdb", "-U", "neupusti", "-A", "trust", "-E", "UTF8", "--no-sync")

    def start(self, *more: str) -> None:
        options = f"-k {self.cluster.socket} -c listen_addresses= -c fsync=off"
        options = " ".join((options, *(f"-c {one}" for one in more)))
        self._run(
            "pg_ctl", "-w", "-o", options, "-l", str(self.cluster.data / "log"), "start"
        )

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def _run(self, tool: str, *words: str) -> None:
        folder = binaries()
        assert folder is not None
        subprocess.run(
            [str(folder / tool), "-D", str(self.cluster.data), *words],
            user=Cluster._user(),
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@pytest.fixture
def server() -> Iterator[Server]:
    if binaries() is None:
        missing("PostgreSQL (initdb, pg_ctl)")
    with ground() as folder:
        made = Server(folder)
        made.start()
        yield made
        made.stop()


@SQLITE
@pytest.mark.clause("3.3")
def test_a_stopped_database_makes_lines_wait(
    server: Server, settings: Settings, spool_folder: Path, enrichment: Enrichment
) -> None:
    server.cluster.execute("CREATE DATABASE access")
    app = create_app(replace(settings, access_database_url=server.cluster.url("access")))
    app.test_client_class = Visitor
    with app.app_context():
        flask_migrate.upgrade()
        engine = db.engines[ACCESS]
        visitor = app.test_client()
        staff = desk.signed_in(app, desk.member(DANA, Permission.STATISTICS))
        assert visitor.get("/healthz").data
        assert staff.get("/admin/access/", buffered=True).status_code == 200
        assert spool_reader.ingest(engine, spool_folder, enrichment) == 2

        server.stop()
        for path in PAGES:
            answer = visitor.get(path, buffered=True)
            assert answer.status_code == 200, path
        # Pages that read that database fail at once.
        refused = staff.get("/admin/access/", buffered=True)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")
        assert staff.get("/admin/", buffered=True).status_code == 200
        with pytest.raises(SQLAlchemyError):
            spool_reader.ingest(engine, spool_folder, enrichment)

        server.start()
        assert staff.get("/admin/access/", buffered=True).status_code == 200
        spool_reader.ingest(engine, spool_folder, enrichment)
        assert consistent(engine) == len(PAGES) + 5
        engine.dispose()


LOCKER = """
import sqlite3, sys
locked = sqlite3.connect(sys.argv[1], isolation_level=None)
locked.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
locked.execute("COMMIT")
"""


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Let another process hold the write lock."""
    command = [sys.executable, "-c", LOCKER, str(database)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as locker:
        assert locker.stdout is not None
        assert locker.stdout.readline() == "locked\n"
        yield
        locker.communicate("")
    assert locker.returncode == 0


@SQLITE
@pytest.mark.clause("3.3")
def test_a_locked_database_delays_no_page(
    app: Flask,
    engine: Engine,
    settings: Settings,
    spool_folder: Path,
    enrichment: Enrichment,
) -> None:
    visitor = app.test_client()
    staff = desk.signed_in(app, desk.member(DANA, Permission.STATISTICS))
    reading = threading.Thread(
        target=spool_reader.ingest, args=(engine, spool_folder, enrichment)
    )
    with locked(settings.instance / "access.sqlite"):
        for path in PAGES:
            assert visitor.get(path, buffered=True).status_code == 200
        reading.start()
        for path in PAGES:
            assert visitor.get(path, buffered=True).status_code == 200
        # Readers need no lock: the statistics work too.
        assert staff.get("/admin/access/", buffered=True).status_code == 200
        assert rows(engine) == []
        assert reading.is_alive()
    reading.join()
    spool_reader.ingest(engine, spool_folder, enrichment)
    assert consistent(engine) == 2 * len(PAGES) + 1
