import stat
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import flask_migrate
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.core.blocking import guards
from neupusti.core.data.database import db
from neupusti.core.registry import registry
from neupusti.policy.models import Edition
from tests.conftest import SQLITE


def editions(app: Flask) -> list[tuple[object, ...]]:
    with app.app_context():
        return [tuple(row) for row in db.session.execute(select(Edition.__table__))]


@pytest.fixture
def fresh(made: Callable[..., Flask], tmp_path: Path) -> Flask:
    """The site before its first setup."""
    return made(instance=tmp_path / "new" / "data")


def test_one_command_makes_a_site_out_of_nothing(fresh: Flask) -> None:
    assert fresh.test_client().get("/readyz").status_code == 503
    result = fresh.test_cli_runner().invoke(args=["site", "setup"])
    assert result.exit_code == 0, result.output
    assert fresh.test_client().get("/readyz").status_code == 200
    assert fresh.test_client().get("/policy/").status_code == 200


def test_a_second_time_changes_nothing(app: Flask, client: FlaskClient) -> None:
    before = editions(app)
    assert len(before) == 9
    result = app.test_cli_runner().invoke(args=["site", "setup"])
    assert result.exit_code == 0, result.output
    assert editions(app) == before
    assert client.get("/readyz").status_code == 200


def test_a_guard_that_no_migration_made_is_made(app: Flask) -> None:
    with db.engine.begin() as connection:
        before = sorted(guards.standing(connection))
        guards.remove(connection)
        guards.make(connection, dict.fromkeys(registry().blockable[:1], True))
    assert app.test_cli_runner().invoke(args=["site", "setup"]).exit_code == 0
    with db.engine.connect() as connection:
        assert sorted(guards.standing(connection)) == before


@pytest.mark.parametrize("looks", ["current", "check", "stamp"])
@SQLITE
def test_who_only_looks_at_the_migrations_leaves_the_guards_on(
    app: Flask, monkeypatch: pytest.MonkeyPatch, looks: str
) -> None:
    removed = mock.Mock()
    monkeypatch.setattr(guards, "remove", removed)
    getattr(flask_migrate, looks)()
    assert removed.mock_calls == []


def test_a_folder_that_cannot_be_is_reported_in_words(
    made: Callable[..., Flask], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    app = made(instance=tmp_path / "file" / "data")
    result = app.test_cli_runner().invoke(args=["site", "setup"])
    assert result.exit_code == 1
    assert "cannot be written to" in result.output


def test_databases_are_for_their_owner_only(fresh: Flask) -> None:
    folder = Path(fresh.instance_path)
    for _ in range(2):
        assert fresh.test_cli_runner().invoke(args=["site", "setup"]).exit_code == 0
        files = list(folder.glob("*.sqlite*"))
        assert {path.name for path in files} >= {"main.sqlite", "access.sqlite"}
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        # An older version made them readable.
        for path in files:
            path.chmod(0o644)
