import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, text
from sqlalchemy.exc import DatabaseError
from werkzeug.test import TestResponse

from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core import background
from neupusti.core.data import beats, machine
from neupusti.core.data.beats import JobBeat
from neupusti.core.data.database import ACCESS, db, writing
from neupusti.core.data.migration import version_table
from neupusti.policy.service import edition_store
from neupusti.site.service import machine as site
from tests.disks import fill_disk
from tests.lending import close
from tests.times import NOON, Clock

READY = {"main": "ok", "access": "ok", "disk": "ok", "editions": "ok"}
AWAY = "postgresql://nobody:secret-word@127.0.0.1:9/nothing"


def test_the_process_says_that_it_answers(client: FlaskClient) -> None:
    response = client.get("/healthz")
    assert response.text == "ok\n"
    assert response.content_type == "text/plain; charset=utf-8"


def states(response: TestResponse) -> dict[str, str]:
    """Return what `/readyz` says but for the jobs."""
    found = dict(response.get_json())
    found.pop("jobs", None)
    return found


def test_both_databases_are_ready(client: FlaskClient) -> None:
    response = client.get("/readyz")
    assert states(response) == READY
    assert response.status_code == 200


def test_it_is_said_when_each_job_last_ran(
    app: Flask, client: FlaskClient, at: Clock
) -> None:
    """None of them is a reason to send visitors to another machine."""
    at(NOON)
    with writing() as session:
        session.execute(delete(JobBeat))
    beats.record("news", ok=False, milliseconds=1)
    at(NOON + timedelta(minutes=90))
    beats.record("proofs", ok=True, milliseconds=1)
    beats.record("access", ok=True, milliseconds=1, machine=machine.name())
    at(NOON + timedelta(minutes=90, seconds=40))
    response = client.get("/readyz")
    assert response.status_code == 200
    said = response.get_json()["jobs"]
    assert set(said) == {job.name for job in background.jobs()}
    assert {name: said[name] for name in ("news", "proofs", "access", "mail")} == {
        "news": "failed 1 h ago",
        "proofs": "ran 40 s ago",
        "access": "ran 40 s ago",
        "mail": "has never run",
    }


def test_editions_of_long_ago_are_not_ready(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that hangs while it reads them keeps all others from it."""
    edition_store.current_store()
    hung = Mock(side_effect=DatabaseError("statement", {}, Exception("gone")))
    monkeypatch.setattr(edition_store._StoreCache, "_refresh", hung)  # noqa: SLF001
    now = time.monotonic()
    for seconds, said in ((9, "ok"), (130, "not refreshed for 2 min")):
        monkeypatch.setattr(time, "monotonic", lambda later=now + seconds: later)
        response = client.get("/readyz")
        assert states(response) == {**READY, "editions": said}
        assert response.status_code == (200 if said == "ok" else 503)


def test_editions_that_were_never_read_are_not_ready(made: Callable[..., Flask]) -> None:
    with made().app_context():
        never = edition_store.age()
    assert site.copies({"editions": lambda: never}) == {"editions": "never read"}


@pytest.mark.parametrize("bind", [None, ACCESS])
@pytest.mark.parametrize(
    "statement", ["DROP TABLE {}", "DELETE FROM {}", "UPDATE {} SET version_num = '0001'"]
)
def test_a_database_behind_the_code_is_not_ready(
    app: Flask, client: FlaskClient, bind: str | None, statement: str
) -> None:
    with db.engines[bind].begin() as connection:
        connection.execute(text(statement.format(version_table(bind))))
    response = client.get("/readyz")
    assert response.status_code == 503
    expected = {**READY, bind or "main": "not migrated"}
    if bind is None:
        del expected["editions"]
    assert states(response) == expected


@pytest.mark.parametrize("name", ["main", "access"])
@pytest.mark.parametrize("away", [AWAY, "sqlite:////nowhere/at/all.sqlite"])
def test_a_database_out_of_reach_is_not_ready(
    made: Callable[..., Flask], name: str, away: str
) -> None:
    urls = {"main": "database_url", "access": "access_database_url"}
    response = made(**{urls[name]: away}).test_client().get("/readyz")
    assert response.status_code == 503
    assert response.json == {
        "main": "not migrated",
        "access": "not migrated",
        "disk": "ok",
        name: "unreachable",
    }
    assert "secret-word" not in response.text


@pytest.mark.parametrize("lend_databases", ["sqlite"], indirect=True)
@pytest.mark.parametrize("place", ["folder", "access database"])
def test_a_full_disk_is_not_ready(
    settings: Settings, mounted: Callable[[int], Path], place: str
) -> None:
    disk = mounted(24 * 1024)
    shutil.copy(settings.instance / "access.sqlite", disk)
    changes: dict[str, object] = {"access_database_url": f"sqlite:///{disk}/access.sqlite"}
    if place == "folder":
        shutil.copy(settings.instance / "main.sqlite", disk)
        changes = {"instance": disk}
    client = create_app(replace(settings, **changes)).test_client()  # type: ignore[arg-type]
    assert states(client.get("/readyz")) == READY
    filler = fill_disk(disk)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert states(response) == {**READY, "disk": "full"}
    filler.unlink()
    assert client.get("/readyz").status_code == 200
    close(client.application)


def test_the_process_answers_while_its_database_does_not(
    made: Callable[..., Flask],
) -> None:
    client = made(database_url=AWAY).test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/cookies/").status_code == 200
    assert client.get("/policy/").status_code == 503
