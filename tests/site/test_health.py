import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core.data.database import ACCESS, db
from neupusti.core.data.migration import version_table
from tests.disks import fill_disk
from tests.lending import close

AWAY = "postgresql://nobody:secret-word@127.0.0.1:9/nothing"


def test_the_process_says_that_it_answers(client: FlaskClient) -> None:
    response = client.get("/healthz")
    assert response.text == "ok\n"
    assert response.content_type == "text/plain; charset=utf-8"


def test_both_databases_are_ready(client: FlaskClient) -> None:
    response = client.get("/readyz")
    assert response.json == {"main": "ok", "access": "ok", "disk": "ok"}
    assert response.status_code == 200


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
    states = {"main": "ok", "access": "ok", "disk": "ok", bind or "main": "not migrated"}
    assert response.json == states


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
    assert client.get("/readyz").json == {"main": "ok", "access": "ok", "disk": "ok"}
    filler = fill_disk(disk)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json == {"main": "ok", "access": "ok", "disk": "full"}
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
