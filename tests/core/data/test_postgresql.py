"""PostgreSQL where it says nothing: stopped, locked, read-only, or migrated by another."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, NullPool, create_engine, select, text
from sqlalchemy.exc import (
    DBAPIError,
    InternalError,
    OperationalError,
    TimeoutError,  # noqa: A004 - of a pool
)

from neupusti.config.settings import Settings
from neupusti.config.values import ROOT
from neupusti.core import background, clock
from neupusti.core.background import Background, Job
from neupusti.core.data import postgresql, waiting
from neupusti.core.data.beats import JobBeat
from neupusti.core.data.database import ACCESS, db, writing
from neupusti.core.data.migration import version_table
from neupusti.core.rules import Permission
from tests import desk
from tests.people import DANA
from tests.postgres import Cluster
from tests.rights.asking import send
from tests.served import environment_of

POSTGRESQL = pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
pytestmark = [POSTGRESQL, pytest.mark.usefixtures("impatient")]
PID = text("SELECT pg_backend_pid()")
HELD = text(f"LOCK TABLE {version_table(None)} IN SHARE MODE")


@pytest.fixture
def impatient(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for tenths of a second where a site waits for seconds."""
    monkeypatch.setattr(postgresql, "REQUEST_SECONDS", 0.3)
    monkeypatch.setattr(postgresql, "JOB_SECONDS", 0.3)
    monkeypatch.setattr(postgresql, "LOCK_SECONDS", 0.1)
    for engine in db.engines.values():
        engine.dispose()


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Let one process of the server stand still for a block."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def beside(engine: Engine) -> Iterator[Connection]:
    """Open a connection that is not the site's."""
    with create_engine(engine.url, poolclass=NullPool).connect() as connection:
        yield connection


@pytest.mark.parametrize("bind", [None, ACCESS])
def test_a_silent_server_is_an_error_and_its_connection_goes(
    app: Flask, bind: str | None
) -> None:
    engine = db.engines[bind]
    with app.test_request_context(), engine.connect() as connection:
        pid = connection.scalar(PID)
        assert pid is not None
        with stopped(pid), pytest.raises(OperationalError, match="in time"):
            connection.execute(text("SELECT 1"))
    with engine.connect() as again:
        assert again.scalar(PID) != pid


def test_a_page_of_a_stopped_connection_takes_a_new_one(app: Flask) -> None:
    staff = desk.signed_in(app, desk.member(DANA, Permission.STATISTICS))
    db.session.rollback()
    with ExitStack() as stack:
        for engine in db.engines.values():
            with engine.connect() as connection:
                pid = connection.scalar(PID)
            assert pid is not None
            stack.enter_context(stopped(pid))
        for path in ("/admin/", "/admin/access/", "/readyz"):
            assert staff.get(path, buffered=True).status_code == 200, path


def test_a_job_of_a_silent_server_fails_and_is_tried_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang() -> None:
        pid = db.session.scalar(PID)
        assert pid is not None
        with stopped(pid):
            db.session.execute(text("SELECT 1"))

    monkeypatch.setattr(background, "BEAT_EVERY", background.BEAT_EVERY * 0)
    name = background.jobs()[0].name
    one = Job(name=name, every=background.GRACE, run=hang)
    assert not Background(app, ())._run(one)  # noqa: SLF001 - one run, without its thread
    assert db.session.scalars(select(JobBeat.ok).where(JobBeat.name == name)).one() is False


def test_a_command_may_wait(app: Flask) -> None:
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT 1 FROM pg_sleep(0.5)")) == 1


def test_a_locked_table_is_an_error_and_nothing_of_it_is_stored(app: Flask) -> None:
    beat = JobBeat(name="none", at=clock.now(), milliseconds=1, ok=True)
    with beside(db.engine) as other:
        other.execute(text("LOCK TABLE job_beat IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(OperationalError) as refused, writing() as session:
            session.add(beat)
        assert postgresql.sqlstate(refused.value) == postgresql.LOCKED
    assert db.session.get(JobBeat, "none") is None


@pytest.mark.parametrize(
    ("waited", "limit"), [(0.0, "100ms"), (4.45, "50ms"), (9.0, "50ms")]
)
def test_who_waited_for_its_turn_waits_less_for_locks(
    app: Flask, monkeypatch: pytest.MonkeyPatch, waited: float, limit: str
) -> None:
    monkeypatch.setattr(postgresql, "LEAST_SECONDS", 0.05)
    with db.engine.begin() as connection:
        postgresql.limit_locks(connection, postgresql.left_to_write(waited))
        assert connection.scalar(text("SHOW lock_timeout")) == limit
    with db.engine.begin() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "100ms"


@dataclass
class Queue:
    """Slots that come free after some looks, while others get on or stand."""

    moves: bool
    free_after: int
    looks: int = 0
    progress: waiting.Progress = field(default_factory=waiting.Progress)

    def acquire(self, timeout: float) -> bool:  # noqa: ARG002 - of a semaphore
        self.looks += 1
        if self.moves:
            self.progress.moved_at = self.monotonic()
        return self.looks > self.free_after

    def monotonic(self) -> float:
        return self.looks * waiting.LOOK_SECONDS

    def release(self) -> None:
        """Give the slot back."""

    @property
    def slots(self) -> "Queue":
        return self


@pytest.mark.parametrize(
    ("moves", "free_after", "waited"),
    [(True, 80, 20.25), (True, 1000, 30.0), (False, 80, 2.5), (False, 8, 2.25)],
)
def test_a_writer_waits_in_a_queue_that_moves(
    monkeypatch: pytest.MonkeyPatch, *, moves: bool, free_after: int, waited: float
) -> None:
    queue = Queue(moves, free_after)
    monkeypatch.setattr(waiting, "_jobs", queue)
    monkeypatch.setattr(waiting, "time", queue)
    gets = free_after * waiting.LOOK_SECONDS < waited
    told = nullcontext() if gets else pytest.raises(TimeoutError)
    with told, waiting.writer_slot(postgresql.WRITE_SECONDS) as stood:
        # A wait that others made worth it takes nothing from that for locks.
        assert stood == (0 if moves else waited)
    assert queue.monotonic() == waited


def test_a_migration_gives_way_to_a_reader(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = []
    with beside(db.engine) as reader:

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            reader.rollback()

        monkeypatch.setattr(postgresql, "sleep", pause)
        reader.execute(HELD)
        flask_migrate.downgrade(revision="-1")
        flask_migrate.upgrade()
    assert pauses == [postgresql.LOCK_PAUSE_SECONDS]


def test_a_migration_that_never_gets_its_lock_ends(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(postgresql, "sleep", pauses.append)
    monkeypatch.setattr(postgresql, "MAX_LOCK_ATTEMPTS", 3)
    with beside(db.engine) as reader:
        reader.execute(HELD)
        with pytest.raises(OperationalError):
            flask_migrate.downgrade(revision="-1")
    assert len(pauses) == 2


@pytest.fixture
def read_only(app: Flask) -> Iterator[None]:
    """Let the server take no writes, as after a demotion."""
    name = db.engine.url.database
    with beside(db.engine) as connection:
        owner = connection.execution_options(isolation_level="AUTOCOMMIT")
        owner.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
        db.session.rollback()
        db.engine.dispose()
        yield


@pytest.mark.usefixtures("read_only")
def test_a_read_only_database_is_read_and_says_so(app: Flask) -> None:
    # The session was made before; what follows only reads, but for its touch.
    client = app.test_client()
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["main"]) == (503, "read only")  # type: ignore[index]
    assert client.get("/contact/").status_code == 200
    assert client.get("/policy/").status_code == 200
    refused = send(client, "/rights/", email=DANA.email, right="access")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")


@pytest.mark.usefixtures("read_only")
def test_a_connection_that_takes_no_writes_is_not_kept(app: Flask) -> None:
    with db.engine.connect() as connection:
        pid = connection.scalar(PID)
    with pytest.raises(InternalError) as refused, writing() as session:
        session.execute(text("DELETE FROM job_beat"))
    assert postgresql.sqlstate(refused.value) == postgresql.READ_ONLY
    with db.engine.connect() as connection:
        assert connection.scalar(PID) != pid


def test_a_database_of_a_newer_version_is_ready(app: Flask) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert app.test_client().get("/readyz").json["main"] == "ok"  # type: ignore[index]


@pytest.mark.parametrize(
    ("words", "threshold"), [("", 5), ("&prepared_statements=off", None)]
)
def test_prepared_statements_can_be_switched_off(
    app: Flask, words: str, threshold: int | None
) -> None:
    url = db.engine.url.render_as_string(hide_password=False)
    engine = create_engine(url + words)
    postgresql.prepare(engine)
    with engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        assert driver.prepare_threshold == threshold
    engine.dispose()


@pytest.mark.slow
def test_two_copies_may_start_on_empty_databases(
    cluster: Cluster, settings: Settings
) -> None:
    names = "two_main", "two_access"
    cluster.execute(*(f"CREATE DATABASE {name}" for name in names))
    main, access = map(cluster.url, names)
    own = replace(settings, database_url=main, access_database_url=access)
    command = [sys.executable, "-m", "flask", "site", "setup"]
    copies = []
    for name in ("one", "two"):
        folder = settings.instance / name
        folder.mkdir(mode=0o700)
        environment = environment_of(replace(own, instance=folder))
        copies.append(
            subprocess.Popen(
                command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
            )
        )
    ends = [(copy.communicate()[1], copy.returncode) for copy in copies]
    assert [code for _said, code in ends] == [0, 0], ends


def test_an_error_of_the_site_stays_one(app: Flask) -> None:
    with pytest.raises(DBAPIError) as failed:
        db.session.execute(text("SELECT 1 / 0"))
    assert postgresql.sqlstate(failed.value) == "22012"
    db.session.rollback()
