"""The disk full, the database stopped: no page fails or waits, and nothing is lost."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.test import EnvironBuilder, run_wsgi_app

from neupusti.access.service import drain
from neupusti.access.service.drain import Enrichment
from neupusti.access.service.spool import Spool
from neupusti.app import create_app
from neupusti.config import Settings
from neupusti.core.database import ACCESS, db
from tests.access.conftest import lines_of, rows
from tests.access.crash import recorder_of
from tests.conftest import SECRET, missing
from tests.postgres import Cluster, binaries, ground


class Server:
    """A PostgreSQL that can be stopped and started again."""

    def __init__(self, home: Path) -> None:
        self.cluster = Cluster(home)
        self.cluster._prepare()
        self._run("initdb", "-U", "neupusti", "-A", "trust", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        options = f"-k {self.cluster.socket} -c listen_addresses= -c fsync=off"
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


def test_a_stopped_database_makes_lines_wait(
    server: Server, tmp_path: Path, enrichment: Enrichment
) -> None:
    server.cluster.execute("CREATE DATABASE access")
    settings = Settings(
        secret_key=SECRET,
        instance=tmp_path,
        access_database_url=server.cluster.url("access"),
    )
    app = create_app(settings)
    folder = tmp_path / "access-spool"
    with app.app_context():
        flask_migrate.upgrade()
        engine = db.engines[ACCESS]
        visitor = app.test_client()
        assert visitor.get("/healthz").data
        assert drain.drain(engine, folder, enrichment) == 1

        server.stop()
        for _ in range(10):
            assert visitor.get("/healthz").data == b"ok\n"
        with pytest.raises(SQLAlchemyError):
            drain.drain(engine, folder, enrichment)

        server.start()
        assert visitor.get("/healthz").data
        assert drain.drain(engine, folder, enrichment) == 11
        assert len(rows(engine)) == 12
        engine.dispose()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB."""
    if os.geteuid() != 0:
        missing("the right to mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        missing("the right to mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_makes_lines_wait(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\x00" * 200 * 1024)
    spool = Spool(small_disk / "spool")
    recorder = recorder_of(spool)
    for number in range(1000):
        body, status, _ = run_wsgi_app(recorder, EnvironBuilder(f"/{number}").get_environ())
        assert (b"".join(body), status) == (b"ok", "200 OK")
    assert spool.refused > 0

    ballast.unlink()
    spool.close()
    assert spool.lost == 0
    told = [line["p"] for line in lines_of(small_disk / "spool")]
    assert sorted(told, key=lambda path: int(path[1:])) == [f"/{n}" for n in range(1000)]
