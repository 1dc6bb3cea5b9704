"""A database URL with two servers: what uses it finds the one that writes."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text

from neupusti.config.checks import TWO_SERVERS, SettingsError
from neupusti.config.settings import Settings
from neupusti.core.proofs.reading import looking
from tests.backup.test_backups import made, run
from tests.backup.yesterday import lose

OPTIONS = "&target_session_attrs=read-write&prepared_statements=off"
pytestmark = pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)


def of_two(url: str) -> str:
    """Name a server that is away before the one of `url`."""
    return url.replace("?host=", "?host=/nowhere,") + OPTIONS


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The settings of a site with a standby."""
    return replace(
        settings,
        database_url=of_two(settings.database_url),
        access_database_url=of_two(settings.access_database_url),
    )


def test_pages_and_proofs_find_the_server_that_writes(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/readyz").status_code == 200
    assert client.get("/policy/").status_code == 200
    with looking() as both:
        assert both.main.scalar(text("SELECT count(*) FROM policy_edition")) is not None


def test_a_backup_is_made_of_it_and_restored_into_it(
    app: Flask, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = made(app, tmp_path_factory.mktemp("backups"))
    lose(app)
    code, told = run(app, "backup", "restore", file)
    assert code == 0, told


@pytest.mark.parametrize(
    "given",
    [
        "postgresql://user@10.0.0.21:5432,10.0.0.22:5432/name",
        "postgresql://user@/name?host=10.0.0.21,10.0.0.22&port=5432",
    ],
)
def test_a_url_that_the_driver_does_not_take_is_refused_in_words(
    settings: Settings, given: str
) -> None:
    with pytest.raises(SettingsError, match="two servers are named like"):
        replace(settings, database_url=given)
    replace(settings, database_url=TWO_SERVERS)
