"""Every command, on a database or a disk that cannot be used: one sentence, not 0."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from neupusti.app import create_app
from neupusti.config.checks import PREFIX
from neupusti.config.settings import Settings
from neupusti.config.values import ROOT
from neupusti.core.data import commands, database
from neupusti.core.data.database import db
from neupusti.core.rules import Permission
from tests import desk
from tests.conftest import missing
from tests.disks import fill_disk
from tests.lending import close
from tests.people import DANA
from tests.policy.documents import SMALL
from tests.postgres import Cluster

TABLES_OF_THE_CODE = {
    ("consent", "cookies"),
    ("orders", "moves"),
    ("rights", "inventory"),
    ("site", "data-map"),
    ("site", "routes"),
    ("site", "settings"),
}
"""Commands that read no database."""
WRITERS = {
    ("catalog", "samples"),
    ("policy", "import"),
    ("staff", "add"),
    ("staff", "block"),
}
"""Some of the commands that write into the main database."""
MORE: dict[tuple[str, ...], tuple[str, ...]] = {
    ("policy", "import"): ("--kind", "material", "--note", "Тест"),
}
LEFT_OUT = {
    *(("site", name) for name in ("docs", "new-feature")),
    *(("site", name) for name in ("setup", "serve")),
    ("site", "check"),
}
"""Two write into the code; two prepare a database, and have tests of their own; the last
says what is due by today."""
CODES: dict[tuple[str, ...], int] = {("prove",): 2}
"""The exit codes of commands that tell with 1 what they found."""
Every = Callable[[Flask], dict[tuple[str, ...], Result]]
AWAY = "postgresql://nobody@127.0.0.1:9/nothing"
REPORT = ("access", "report", "--from", "2026-11-22", "--to", "2026-11-22")
LOG_LINE = '203.0.113.7 - - [22/Nov/2026:07:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "-"\n'


def leaves(
    group: click.Group, *names: str
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command below `group` that runs something, with its path."""
    for name, command in group.commands.items():
        # Those of Flask-Migrate write migrations, and report their errors themselves.
        if name == "db":
            continue
        if isinstance(command, click.Group):
            yield from leaves(command, *names, name)
        else:
            yield (*names, name), command


def arguments(path: tuple[str, ...], command: click.Command, folder: Path) -> list[str]:
    """Return the least that a command must be given."""
    given = [*MORE.get(path, ())]
    for one in command.params:
        if one.name == "once":
            given.append("--once")
        if not one.required:
            continue
        if isinstance(one, click.Option):
            given.append(one.opts[0])
        given.append(value(path, one.type, folder))
    return given


def value(path: tuple[str, ...], kind: click.ParamType[Any], folder: Path) -> str:
    match kind:
        case click.Choice():
            return str(kind.choices[0])
        case click.DateTime():
            return "2026-11-22"
        case click.Path():
            file = folder / f"{path[0]}.txt"
            file.write_text(LOG_LINE if path[0] == "access" else SMALL)
            return str(file)
        case click.types.IntParamType():
            return "1"
        case _:
            return DANA.email


@pytest.fixture
def every(tmp_path: Path) -> Every:
    """Run every command of an app; return their results."""

    def run(app: Flask) -> dict[tuple[str, ...], Result]:
        runner = app.test_cli_runner()
        found = {
            path: runner.invoke(args=[*path, *arguments(path, command, tmp_path)])
            for path, command in leaves(app.cli)
            if path not in LEFT_OUT
        }
        close(app)
        return found

    return run


def refused(results: dict[tuple[str, ...], Result]) -> None:
    """Assert that every command that needs a database ended with one sentence."""
    assert len(results) > 30
    for path, result in results.items():
        lines = result.output.strip().splitlines()
        if path in TABLES_OF_THE_CODE:
            assert result.exit_code == 0, (path, result.output)
        else:
            assert isinstance(result.exception, SystemExit), (path, result.exc_info)
            assert result.exit_code == CODES.get(path, 1), (path, result.output)
            assert lines[-1].startswith("Error: "), (path, lines)
            assert lines[-1].endswith("."), (path, lines)
            assert "Traceback" not in result.output


def test_a_database_that_is_not_migrated(made: Callable[..., Flask], every: Every) -> None:
    refused(every(made()))


def test_a_database_of_postgresql_that_is_not_migrated(
    made: Callable[..., Flask], every: Every, cluster: Cluster
) -> None:
    names = ("commands_main", "commands_access")
    for name in names:
        cluster.execute(f"CREATE DATABASE {name}")
    main, access = map(cluster.url, names)
    refused(every(made(database_url=main, access_database_url=access)))
    for name in names:
        cluster.execute(f"DROP DATABASE {name}")


@pytest.mark.parametrize("url", [AWAY, "sqlite:////nowhere/at/all.sqlite"])
def test_a_database_out_of_reach(
    made: Callable[..., Flask], every: Every, url: str
) -> None:
    refused(every(made(database_url=url, access_database_url=url)))


@pytest.mark.parametrize("wrong", [lambda file: file.write_text("no\n" * 999), Path.mkdir])
def test_what_is_no_database(
    made: Callable[..., Flask],
    every: Every,
    tmp_path: Path,
    wrong: Callable[[Path], object],
) -> None:
    for name in ("main", "access"):
        wrong(tmp_path / f"{name}.sqlite")
    refused(every(made()))


@pytest.mark.parametrize("lend_databases", ["sqlite"], indirect=True)
@pytest.mark.parametrize("command", [("policy", "list"), REPORT])
@pytest.mark.slow
def test_a_file_that_may_not_be_read(settings: Settings, command: tuple[str, ...]) -> None:
    for name in ("main", "access"):
        (settings.instance / f"{name}.sqlite").chmod(0)
    # Permissions of files hold for root only without these capabilities.
    bound = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    if os.geteuid() == 0 and shutil.which(bound[0]) is None:
        missing("setpriv")
    done = subprocess.run(
        [*(bound if os.geteuid() == 0 else ()), sys.executable, "-m", "flask", *command],
        env=os.environ | {f"{PREFIX}INSTANCE": str(settings.instance)},
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Error: {commands.CLOSED}\n"


@pytest.mark.parametrize("lend_databases", ["sqlite"], indirect=True)
@pytest.mark.slow
def test_a_disk_that_is_full(
    settings: Settings, mounted: Callable[[int], Path], every: Every
) -> None:
    disk = mounted(24 * 1024)
    for name in ("main", "access"):
        shutil.copy(settings.instance / f"{name}.sqlite", disk)
    app = create_app(replace(settings, instance=disk))
    with app.app_context():
        desk.member(DANA, Permission.ORDERS)
    fill_disk(disk)
    results = every(app)
    for result in results.values():
        assert isinstance(result.exception, SystemExit | None), result.exc_info
    told = (commands.FULL, commands.FAILING)
    full = {
        path
        for path, result in results.items()
        if any(text in result.output for text in told)
    }
    assert full >= WRITERS, results["policy", "import"].output
    assert all(results[path].exit_code == CODES.get(path, 1) for path in full)


@pytest.mark.parametrize("lend_databases", ["sqlite"], indirect=True)
def test_a_database_that_another_process_holds(
    settings: Settings, every: Every, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    app = create_app(settings)
    with app.app_context():
        desk.member(DANA, Permission.ORDERS)
    with closing(sqlite3.connect(settings.instance / "main.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        results = every(app)
    for result in results.values():
        assert isinstance(result.exception, SystemExit | None), result.exc_info
    locked = {path for path, result in results.items() if commands.LOCKED in result.output}
    assert locked >= WRITERS
    assert all(results[path].exit_code == CODES.get(path, 1) for path in locked)


@pytest.mark.slow
def test_a_folder_that_is_not_there_stays_so(tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    done = subprocess.run(
        [sys.executable, "-m", "flask", "policy", "list"],
        env=os.environ | {f"{PREFIX}INSTANCE": str(folder)},
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Error: {commands.CLOSED}\n"
    assert not folder.exists()


def test_a_mistake_of_ours_keeps_its_traceback(app: Flask) -> None:
    @app.cli.command("mistaken")
    def mistaken() -> None:
        db.session.execute(text("SELEC 1"))

    result = app.test_cli_runner().invoke(args=["mistaken"])
    assert isinstance(result.exception, DBAPIError)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-11-22", "2026-11-21"),
        ("1526-01-01", "2026-11-22"),
        ("9999-12-30", "9999-12-31"),
    ],
)
def test_a_range_that_cannot_be(app: Flask, first: str, last: str) -> None:
    days = ("--from", first, "--to", last)
    result = app.test_cli_runner().invoke(args=["access", "report", *days])
    assert isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code == 1
    assert result.output.startswith("Error: --from is")


def test_a_whole_century_may_be_asked_for(app: Flask) -> None:
    days = ("--from", "2000-01-01", "--to", "2100-01-01", "--json")
    result = app.test_cli_runner().invoke(args=["access", "report", *days])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["requests"] == 0


@pytest.mark.parametrize(
    "command", [("policy", "check"), ("policy", "import"), ("access", "import")]
)
def test_a_pipe_is_not_waited_for(
    app: Flask, tmp_path: Path, command: tuple[str, ...]
) -> None:
    os.mkfifo(pipe := tmp_path / "pipe")
    result = app.test_cli_runner().invoke(args=[*command, str(pipe)])
    assert result.exit_code == 2
    assert "is not a regular file." in result.output
