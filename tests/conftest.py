"""Shared fixtures: a test with the fixture `app` runs on SQLite and on PostgreSQL.

`--mostly` names one of the two: on the other only what is about SQL runs then.
"""

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextvars import Context
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, sync_playwright
from werkzeug.test import TestResponse

from neupusti.accounts.service import passwords
from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.config.values import ROOT
from neupusti.core import clock
from neupusti.deadlines.service import calendar
from tests import fast, lending
from tests.canary import Captured, listening
from tests.lending import SECRET, LendDatabases, close, opened
from tests.postgres import Cluster, binaries, ground
from tests.served import in_thread

REQUIRE_ALL = os.environ.get("NEUPUSTI_REQUIRE_ALL") == "1"
"""Set by CI: a missing tool fails the test instead of skipping it."""

DATABASES = ("sqlite", "postgresql")
SQLITE = pytest.mark.parametrize("lend_databases", ["sqlite"], indirect=True)
"""Skips the second run where SQL is not what is tested, as on most pages."""
ABOUT_SQL = (
    *("access/test_destruction", "access/test_full_disk", "access/test_import"),
    *("access/test_recorder", "access/test_refused_import", "access/test_spool"),
    *("access/test_sweep", "access/test_tally"),
    *("accounts/test_at_once", "accounts/test_erasure"),
    *("catalog/test_admin_conflicts", "catalog/test_admin_stock", "catalog/test_list"),
    *("catalog/test_search", "catalog/test_stock"),
    *("consent/test_proof", "consent/test_withdrawal"),
    *("contracts/", "core/data/", "core/proofs/", "core/records/", "core/security/"),
    *("core/test_background", "journeys/"),
    *("delivery/test_at_once", "newsletter/test_at_once", "newsletter/test_ordeal"),
    *("orders/test_lists", "orders/test_placing", "orders/test_races"),
    *("policy/test_crowd", "policy/test_editions"),
    *("proofs/test_honest", "proofs/test_predicates", "retention/"),
    *("rights/test_killed", "rights/test_sections", "staff/test_last_admin"),
    *("statistics/test_filters", "statistics/test_zone"),
)
"""Beginnings of paths below `tests`: these run on both databases, whatever `--mostly` says.

Statements about SQL, and the folders that `make ahead` leaves out: it runs on PostgreSQL
what `make test` runs on SQLite.
"""
NEEDS = {
    "chromium": "browser",
    **dict.fromkeys(("postgresql", "cluster", "server"), "postgresql"),
    **dict.fromkeys(("clone", "bare_venv"), "packages"),
}
"""Fixture -> the marker (`pyproject.toml`) of what it needs besides Python."""
CHROMIUM_ARGS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-sync", "--disable-component-update"),
    "--disable-background-networking",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the command-line options of this suite."""
    kills = "how often the test of crashes kills a worker of the served site"
    parser.addoption("--kills", type=int, default=6, help=kills)
    parser.addoption("--ordeal", action="store_true", help="try ordeals at their full size")
    mostly = "the database of tests that are not about SQL; else they run on both"
    parser.addoption("--mostly", choices=DATABASES, help=mostly)


def pytest_configure(config: pytest.Config) -> None:
    """Compile the catalogues once, before any worker; examples have no deadline."""
    hypothesis.settings.register_profile(
        "suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("suite")
    if not hasattr(config, "workerinput"):
        babel = [sys.executable, "-m", "babel.messages.frontend", "-q"]
        subprocess.run([*babel, "compile", "-d", str(ROOT / "translations")], check=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes seconds, else it is in random order, so none ends alone."""
    items.sort(key=lambda item: {"slow", "browser"}.isdisjoint(item.keywords))


def pytest_collection_finish() -> None:
    """Exclude what lives as long as the run from garbage collection."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the databases of a test that has not chosen its own."""
    marks = metafunc.definition.iter_markers("parametrize")
    if "lend_databases" not in metafunc.fixturenames or any(
        "lend_databases" in mark.args[0] for mark in marks
    ):
        return
    mostly = metafunc.config.getoption("mostly")
    path = metafunc.definition.path.relative_to(ROOT / "tests").as_posix()
    both = mostly is None or path.startswith(ABOUT_SQL)
    chosen = DATABASES if both else [mostly]
    metafunc.parametrize("lend_databases", chosen, indirect=True, scope="session")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what `make quick` leaves out, by fixtures and databases."""
    assert isinstance(item, pytest.Function)
    asked = {*item.fixturenames}
    if hasattr(item, "callspec"):
        asked.add(str(item.callspec.params.get("lend_databases")))
    for need in asked & NEEDS.keys():
        item.add_marker(NEEDS[need])


def missing(what: str) -> NoReturn:
    """Skip the test with a reason; fail it where CI requires everything."""
    if REQUIRE_ALL:
        pytest.fail(f"{what} is required here and not found")
    pytest.skip(f"{what} is not on this machine")


class Visitor(FlaskClient):
    """A test client whose requests share nothing with the test but the databases.

    Else a request would inherit the context of the test, and with it what an earlier one
    left in `g`: another visitor's token, another person's sign-in.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send one request in a context of its own."""
        return Context().run(super().open, *args, **kwargs)


@pytest.fixture(scope="session", autouse=True)
def _fast() -> Iterator[None]:
    with fast.economies():
        yield


@pytest.fixture
def real_hasher(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords as in production, where hashing is what is tested."""
    monkeypatch.setattr(passwords, "HASHER", fast.HASHER)


@pytest.fixture(autouse=True)
def _no_season(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let staff have done what the site asks of them at times of the year only."""
    if "seasons" not in request.fixturenames:
        monkeypatch.setattr(calendar, "has_order", lambda _session, _year: True)
        monkeypatch.setattr(calendar, "SOON", timedelta(days=-1))


@pytest.fixture
def seasons() -> None:
    """Let the site ask for days off when it is time: `_no_season` looks for this."""


@pytest.fixture
def size(request: pytest.FixtureRequest) -> int:
    """The size of a test marked `ordeal(sample, full)` in this run."""
    sample, full = request.node.get_closest_marker("ordeal").args
    return int(full if request.config.getoption("--ordeal") else sample)


@pytest.fixture(autouse=True)
def canary() -> Iterator[Captured]:
    """Fail a test whose log, addresses or subjects name a person (V16.2.5)."""
    with listening() as captured:
        yield captured
    assert captured.found() == []


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A private PostgreSQL cluster on a Unix socket, removed after the run."""
    if binaries() is None:
        missing("PostgreSQL (initdb, postgres)")
    with ground() as folder, Cluster(folder).running() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def lend_databases(request: pytest.FixtureRequest) -> LendDatabases:
    """Lend copies of a pair of databases that is migrated and seeded once per backend."""
    lend: LendDatabases = request.getfixturevalue(f"{request.param}_databases")
    return lend


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> LendDatabases:
    """Pairs of SQLite files."""
    return lending.of_sqlite(tmp_path_factory)


@pytest.fixture(scope="session")
def postgresql_databases(
    tmp_path_factory: pytest.TempPathFactory, cluster: Cluster
) -> LendDatabases:
    """Pairs of PostgreSQL databases."""
    return lending.of_postgresql(tmp_path_factory, cluster)


@pytest.fixture
def settings(
    request: pytest.FixtureRequest, lend_databases: LendDatabases, tmp_path: Path
) -> Iterator[Settings]:
    """The settings of one test, with databases of its own."""
    goods = "samples" in request.fixturenames
    with lend_databases(tmp_path, goods=goods) as settings:
        yield settings


@pytest.fixture
def samples(settings: Settings) -> None:
    """The sample goods, as a local shop begins with them: `settings` looks for this."""


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The whole site as it is served, with CSRF protection on."""
    with opened(settings) as app:
        app.testing = True
        app.test_client_class = Visitor
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A test client without cookies."""
    return app.test_client()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Make an app with the given settings and empty databases."""
    apps: list[Flask] = []

    def make(**changes: object) -> Flask:
        values = {"secret_key": SECRET, "instance": tmp_path, **changes}
        apps.append(create_app(Settings(**values)))  # type: ignore[arg-type]
        return apps[-1]

    yield make
    for app in apps:
        close(app)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    executable = shutil.which("chromium")
    if executable is None:
        missing("Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def site_url(app: Flask) -> Iterator[str]:
    """Serve the app on a free loopback port; return its URL without a trailing slash."""
    with in_thread(app) as url:
        yield url


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the clock of the site: `at(moment)`."""

    def set_clock(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    return set_clock
