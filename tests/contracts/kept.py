"""The data folders that are kept of earlier versions, and the site on a copy of one."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from neupusti.app import create_app
from neupusti.config import Settings
from neupusti.core.database import db
from tests.conftest import Visitor
from tests.postgres import Cluster, binaries

DATA = Path(__file__).parent / "data"
DATABASES = ("main", "access")
COOKIES = ("session", "remember_token", "consent", "visitor", "theme")
DAYS = ("--from", "2026-11-21", "--to", "2026-11-22")
"""What `flask access report` was asked for."""


@dataclass(frozen=True)
class Kept:
    """One copy of a kept folder, upgraded."""

    home: Path
    environ: dict[str, str]

    @contextmanager
    def opened(self, **variables: str) -> Iterator[Flask]:
        """Open the site as it starts from the environment of an operator."""
        named = {f"NEUPUSTI_{name.upper()}": value for name, value in variables.items()}
        app = create_app(Settings.from_env({**self.environ, **named}))
        app.testing = True
        app.test_client_class = Visitor
        with app.app_context():
            yield app
        left(app)

    def told(self, file: str) -> Any:
        """Return what the folder says of itself: `browsers` or `report`."""
        return json.loads((self.home / f"{file}.json").read_text())


def left(app: Flask) -> None:
    """Close the databases of a site: SQLite writes all it has into the file."""
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def loaded(cluster: Cluster, home: Path) -> None:
    """Make the databases of a dump."""
    tools = binaries()
    assert tools is not None
    for name in DATABASES:
        cluster.execute(f"CREATE DATABASE kept_{name}")
        psql: list[str | Path] = [
            tools / "psql",
            "-qX",
            "-v",
            "ON_ERROR_STOP=1",
            cluster.url(f"kept_{name}"),
        ]
        subprocess.run([*psql, "-f", home / f"{name}.sql"], check=True, capture_output=True)


def places(home: Path, cluster: Cluster | None, suffix: str = "") -> dict[str, str]:
    """Return the environment of a site on a folder."""
    urls = (
        {}
        if cluster is None
        else {
            "NEUPUSTI_DATABASE_URL": cluster.url(f"kept_main{suffix}"),
            "NEUPUSTI_ACCESS_DATABASE_URL": cluster.url(f"kept_access{suffix}"),
        }
    )
    return {"NEUPUSTI_INSTANCE": str(home / "instance"), **urls}
