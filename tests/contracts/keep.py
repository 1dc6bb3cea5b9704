"""How the kept folder was made: `python -m tests.contracts.keep 2026-11`.

It plays the story on SQLite and on PostgreSQL, and packs what a site leaves on its disk,
with what browsers had in hand, into `tests/contracts/data/<name>.tar.gz`. A folder that is
kept is never made again: a later format gets a folder of its own beside it.
"""

import json
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import flask_migrate
from flask import Flask
from werkzeug.test import TestResponse

from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core.registry import Registry, registry
from neupusti.site.service import machine as site
from tests.accounts.cast import hidden
from tests.conftest import Visitor
from tests.contracts.deterministic import fixed, printed
from tests.contracts.folders import COOKIES, DATA, DATABASES, DAYS
from tests.contracts.story import Story, StoryResult
from tests.contracts.test_log_formats import leave_spool
from tests.lending import SECRET, close
from tests.postgres import Cluster, binaries, ground

HELD = ("refusal", "grant", "withdrawal", "buyer", "mover", "phone", "staff", "half")
"""The browsers that a later version meets again."""
PAGES = {
    "buyer": "/account/profile",
    "mover": "/account/profile",
    "staff": "/admin/people/",
}
LOG = (
    '203.0.113.9 - - [21/Nov/2026:10:00:00 +0500] "GET / HTTP/1.1" 200 5120 "-" "curl/8"\n'
    '203.0.113.9 - - [21/Nov/2026:10:00:01 +0500] "GET /a HTTP/1.1" 404 900 "-" "curl/8"\n'
)
"""A log of another server that the story imports."""


class Reader(Visitor):
    """A browser that reads every answer to its end: only then is it in the access log."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Answer one request, and read the answer."""
        return super().open(*args, **{**kwargs, "buffered": True})


def main(name: str) -> None:
    """Make the folders of both databases and pack them."""
    with TemporaryDirectory() as work, ground() as home, Cluster(home).running() as cluster:
        for database in DATABASES:
            cluster.execute(f"CREATE DATABASE {database}")
        urls = {
            "database_url": cluster.url("main"),
            "access_database_url": cluster.url("access"),
        }
        for kind, places in (("sqlite", {}), ("postgresql", urls)):
            app = _made(Path(work) / kind / "instance", places)
            kept = Path(work) / name / kind
            _play(app, kept)
            shutil.copytree(app.instance_path, kept / "instance")
            for database in DATABASES:
                if places:
                    (kept / f"{database}.sql").write_text(_dumped(cluster, database))
                else:
                    _shrink(kept / "instance" / f"{database}.sqlite")
            # What the next version must count, when it has read what waits in the spool.
            with fixed():
                printed(app, "access", "ingest", "--once")
            report = printed(app, "access", "report", *DAYS, "--json")
            (kept / "report.json").write_text(report)
            close(app)
        with tarfile.open(DATA / f"{name}.tar.gz", "w:gz") as archive:
            archive.add(Path(work) / name, name, filter=_nobodys)


def _made(instance: Path, places: dict[str, str]) -> Flask:
    instance.mkdir(parents=True)
    (instance / "secret").write_text(SECRET)
    app = create_app(Settings(secret_key=SECRET, instance=instance, **places))  # type: ignore[arg-type]
    app.test_client_class = Reader
    return app


def _play(app: Flask, kept: Path) -> None:
    kept.mkdir(parents=True)
    (kept / "other.log").write_text(LOG)
    with fixed() as dice, app.app_context():
        flask_migrate.upgrade()
        # Without the member of staff that a first start makes: her password is random.
        site.seed(Registry(tuple(f for f in registry().features if f.name != "staff")))
        result = Story(app, dice).play()
        dice.show(50)
        printed(app, "access", "import", str(kept / "other.log"))
        printed(app, "access", "ingest", "--once")
        # What comes now is not read any more: a file read by half, and a whole one.
        (kept / "browsers.json").write_text(json.dumps(_held(result), indent=1))
        leave_spool(Path(app.instance_path))
    close(app)


def _held(result: StoryResult) -> dict[str, dict[str, str]]:
    """Return the cookies of each browser, and the token of a form that stands open."""
    held: dict[str, dict[str, str]] = {}
    for who in HELD:
        browser = result.browsers[who]
        page = browser.get(PAGES.get(who, "/policy/")).text
        token = hidden(page).get("csrf_token", "")
        found = {name: browser.get_cookie(name) for name in COOKIES}
        cookies = {name: cookie.value for name, cookie in found.items() if cookie}
        held[who] = {"csrf_token": token, **cookies} if token else cookies
    return held


def _shrink(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("VACUUM")


def _dumped(cluster: Cluster, database: str) -> str:
    tools = binaries()
    if tools is None:
        raise SystemExit("PostgreSQL is not on this machine.")
    done = subprocess.run(
        [tools / "pg_dump", "--no-owner", "--no-acl", f"--dbname={cluster.url(database)}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    # Settings of the session and commands of psql differ between versions of PostgreSQL.
    lines = done.stdout.splitlines(keepends=True)
    return "".join(
        line for line in lines if not line.startswith(("SET ", "\\restrict", "\\un"))
    )


def _nobodys(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    main(sys.argv[1])
