"""The test house: a test that asks for an app runs on SQLite and on PostgreSQL.

Where SQL has no part in what is stated, as on most pages, `SQLITE` spares the second run.
"""

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import Context
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any, NoReturn

import flask_migrate
import hypothesis
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from neupusti.accounts.service import passwords
from neupusti.app import Site, create_app
from neupusti.config.settings import ROOT, Settings
from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.registry import Registry, registry
from neupusti.site.service import machine as site
from tests.canary import Heard, listening
from tests.postgres import Cluster, binaries, ground

Stock = Callable[[Path], AbstractContextManager[Settings]]
"""Lends a fresh pair of databases, whose small files go into a folder."""

REQUIRE_ALL = os.environ.get("NEUPUSTI_REQUIRE_ALL") == "1"
"""Set by CI: what a test needs must be there, and a missing tool is a failure."""

HASHER = passwords.HASHER
SQLITE = pytest.mark.parametrize("stock", ["sqlite"], indirect=True)
NEEDS = {
    "chromium": "browser",
    **dict.fromkeys(("postgresql", "cluster", "server"), "postgresql"),
    **dict.fromkeys(("clone", "place"), "packages"),
}
"""What tests need beside Python, by fixture: the markers of `pyproject.toml`."""
SECRET = "0123456789abcdef0123456789abcdef"
NAMES = ("main", "access")
QUIET = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-sync", "--disable-component-update"),
    "--disable-background-networking",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the options of this test house."""
    kills = "how often the test of crashes kills a worker of the served site"
    parser.addoption("--kills", type=int, default=12, help=kills)
    parser.addoption("--ordeal", action="store_true", help="try ordeals at their full size")


def pytest_configure(config: pytest.Config) -> None:
    """Compile the message catalogues once, before any worker reads them.

    Examples have no deadline: how long one takes is the machine's affair.
    """
    hypothesis.settings.register_profile(
        "house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("house")
    if not hasattr(config, "workerinput"):
        babel = [sys.executable, "-m", "babel.messages.frontend", "-q"]
        subprocess.run([*babel, "compile", "-d", str(ROOT / "translations")], check=True)


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what lives as long as the run anyway."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what `make quick` leaves out, by the fixtures and databases it asks for."""
    assert isinstance(item, pytest.Function)
    asked = {*item.fixturenames}
    if hasattr(item, "callspec"):
        asked.add(str(item.callspec.params.get("stock")))
    for need in asked & NEEDS.keys():
        item.add_marker(NEEDS[need])


def missing(what: str) -> NoReturn:
    """Skip, saying what is not on this machine; fail where CI wants it all."""
    if REQUIRE_ALL:
        pytest.fail(f"{what} is required here and not found")
    pytest.skip(f"{what} is not on this machine")


class Visitor(FlaskClient):
    """A browser whose requests share nothing with the test but the databases.

    A request would take over the context that the test has open, and with it what an
    earlier request left in `g`: another visitor's token, another person's sign-in.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Answer one request in a context of its own."""
        return Context().run(super().open, *args, **kwargs)


@pytest.fixture(scope="session", autouse=True)
def _cheap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compile each template once a run, and hash passwords with little work."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    cache = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", hasher)
        patch.setattr(Site, "jinja_options", {"bytecode_cache": cache})
        yield


@pytest.fixture
def real_hasher(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as on the real site, where that is what is tested."""
    monkeypatch.setattr(passwords, "HASHER", HASHER)


@pytest.fixture
def size(request: pytest.FixtureRequest) -> int:
    """How large a test marked `ordeal(sample, full)` shall be in this run."""
    sample, full = request.node.get_closest_marker("ordeal").args
    return int(full if request.config.getoption("--ordeal") else sample)


@pytest.fixture(autouse=True)
def canary() -> Iterator[Heard]:
    """Fail the test in whose log, addresses or subjects somebody is named (V16.2.5)."""
    with listening() as heard:
        yield heard
    assert heard.told() == []


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A private PostgreSQL cluster on a socket of its own, gone after the run."""
    if binaries() is None:
        missing("PostgreSQL (initdb, postgres)")
    with ground() as folder, Cluster(folder).running() as cluster:
        yield cluster


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def stock(request: pytest.FixtureRequest) -> Stock:
    """A migrated and seeded pair of databases, and how to borrow a fresh copy of it.

    Migrations and seed run once a backend; each test gets a copy of its own.
    """
    lend: Stock = request.getfixturevalue(f"{request.param}_stock")
    return lend


@pytest.fixture(scope="session")
def sqlite_stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """A pair of SQLite files to copy."""
    home = tmp_path_factory.mktemp("sqlite")
    model = Settings(secret_key=SECRET, instance=home)
    seeded(model)

    @contextmanager
    def lend(folder: Path) -> Iterator[Settings]:
        for name in NAMES:
            shutil.copy(home / f"{name}.sqlite", folder)
        yield replace(model, instance=folder)

    return lend


@pytest.fixture(scope="session")
def postgresql_stock(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Stock:
    """A pair of PostgreSQL databases to copy."""

    def named(suffix: str, folder: Path) -> Settings:
        return Settings(
            secret_key=SECRET,
            instance=folder,
            database_url=cluster.url(f"main{suffix}"),
            access_database_url=cluster.url(f"access{suffix}"),
        )

    for name in NAMES:
        cluster.execute(f"CREATE DATABASE {name}")
    seeded(named("", tmp_path_factory.mktemp("postgresql")))
    numbers = count()

    @contextmanager
    def lend(folder: Path) -> Iterator[Settings]:
        suffix = f"_{next(numbers)}"
        with cluster.copied({f"{name}{suffix}": name for name in NAMES}):
            yield named(suffix, folder)

    return lend


@pytest.fixture
def settings(stock: Stock, tmp_path: Path) -> Iterator[Settings]:
    """The settings of one test: databases nobody else sees."""
    with stock(tmp_path) as settings:
        yield settings


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The whole site as it is served, with CSRF protection on."""
    app = create_app(settings)
    app.testing = True
    app.test_client_class = Visitor
    with app.app_context():
        yield app
        db.session.remove()
    _close(app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without cookies, scripts or history."""
    return app.test_client()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Make an app of the given settings; its databases are files nobody made yet."""
    apps: list[Flask] = []

    def make(**changes: object) -> Flask:
        values = {"secret_key": SECRET, "instance": tmp_path, **changes}
        apps.append(create_app(Settings(**values)))  # type: ignore[arg-type]
        return apps[-1]

    yield make
    for app in apps:
        _close(app)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a head."""
    executable = shutil.which("chromium")
    if executable is None:
        missing("Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def site_url(app: Flask) -> Iterator[str]:
    """Serve the app on a free port of this machine; the address without a last slash."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the one clock of the site: `at(moment)`."""

    def set_clock(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    return set_clock


def _close(app: Flask) -> None:
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def seeded(settings: Settings) -> None:
    app = create_app(settings)
    with app.app_context():
        flask_migrate.upgrade()
        # A site of one machine begins with a member of staff; tests make their own.
        site.seed(Registry(tuple(f for f in registry().features if f.name != "staff")))
    _close(app)
