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
OTHER_SECRET = "fedcba9876543210fedcba9876543210"
LINKS = {
    "accounts.confirm": "refusal",
    "accounts.reset": "refusal",
    "accounts.new_device": "refusal",
    "accounts.email_changed": "refusal",
    "accounts.email_confirm": "buyer",
}
"""Letters whose link nobody followed yet, and who follows it."""
PAGES = {
    "buyer": "/account/ /account/profile /account/email /account/sessions "
    "/account/activity /account/consents /account/two-factor /account/two-factor/codes",
    "staff": "/admin/ /admin/people/ /admin/people/3/blocks /admin/staff/ /admin/staff/4 "
    "/admin/journal/ /admin/journal/?book=site /admin/mail/ /admin/consents/ "
    "/admin/access/ /admin/access/addresses/",
    "grant": "/ /kk/ /en/ /policy/ /policy/history/ /policy/retention/ /cookies/ "
    "/cookies/receipt/",
}
RECORDS = {
    "refusal": "AQEBAQEBAQEBAQEB",
    "grant": "AgICAgICAgICAgIC",
    "withdrawal": "BAQEBAQEBAQEBAQE",
}
"""What each browser's choice is kept as."""
MASKS: list[tuple[object, ...]] = [
    (
        *(1, "04f6572a7769c273"),
        "dad73b125d81a135a64f90db17888ae487c15dbe209f2970d4a2c60966f21139",
    ),
    (
        *(4, "04f6572a7769c273"),
        "b8fba4878adaf117c7a3166dedd7a911f59973266eb0ee1333b37fa945b3784b",
    ),
]
"""What the second factors become when the other secret takes them over."""


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
