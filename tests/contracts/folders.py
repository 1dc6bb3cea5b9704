"""The data folders that are kept of earlier versions, and the site on a copy of one."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from neupusti.app import create_app
from neupusti.config.settings import Settings
from tests.conftest import Visitor
from tests.lending import close
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
"""Email type with an unused link -> the client that follows it."""
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
WRAPPED_KEYS: list[tuple[object, ...]] = [
    (
        *(1, "04f6572a7769c273"),
        "dad73b125d81a135a64f90db17888ae487c15dbe209f2970d4a2c60966f21139",
    ),
    (
        *(4, "04f6572a7769c273"),
        "b8fba4878adaf117c7a3166dedd7a911f59973266eb0ee1333b37fa945b3784b",
    ),
]
"""The wrapped keys of the second factors after the rotation to the other secret."""


@dataclass(frozen=True)
class KeptFolder:
    """A stored data folder of one backend; its PostgreSQL databases begin with `name`."""

    home: Path
    name: str
    cluster: Cluster | None

    @property
    def environ(self) -> dict[str, str]:
        """What the operator of a site on this folder sets."""
        places = {"NEUPUSTI_INSTANCE": str(self.home / "instance")}
        if self.cluster is not None:
            places["NEUPUSTI_DATABASE_URL"] = self.cluster.url(f"{self.name}_main")
            places["NEUPUSTI_ACCESS_DATABASE_URL"] = self.cluster.url(f"{self.name}_access")
        return places

    @contextmanager
    def opened(self, **variables: str) -> Iterator[Flask]:
        """Open the site as it starts from the environment of an operator."""
        named = {f"NEUPUSTI_{name.upper()}": value for name, value in variables.items()}
        app = create_app(Settings.from_env({**self.environ, **named}))
        app.testing = True
        app.test_client_class = Visitor
        with app.app_context():
            yield app
        close(app)

    def load(self, file: str) -> Any:
        """Return the content of `browsers.json` or `report.json`."""
        return json.loads((self.home / f"{file}.json").read_text())

    def copied(self, home: Path, name: str) -> "KeptFolder":
        """Return a copy of the folder in `home`, and of its databases under `name`."""
        if self.cluster is not None:
            for one in DATABASES:
                self.cluster.execute(
                    f"CREATE DATABASE {name}_{one} TEMPLATE {self.name}_{one}"
                )
        return KeptFolder(shutil.copytree(self.home, home), name, self.cluster)


def unpacked(archive: Path, kind: str, into: Path, cluster: Cluster | None) -> KeptFolder:
    """Unpack the folder of one kind of database, and load the dumps that lie beside it."""
    # `tar`, not the library's: its filter is not in the first releases of Python 3.11.
    subprocess.run(["tar", "-xf", str(archive), "-C", str(into)], check=True)
    kept = KeptFolder(into / archive.name.partition(".")[0] / kind, into.name, cluster)
    tools = binaries()
    if cluster is not None and tools is not None:
        for one in DATABASES:
            cluster.execute(f"CREATE DATABASE {kept.name}_{one}")
            psql = [str(tools / "psql"), "-qX", "-v", "ON_ERROR_STOP=1", "-f"]
            dump, url = str(kept.home / f"{one}.sql"), cluster.url(f"{kept.name}_{one}")
            subprocess.run([*psql, dump, url], check=True, capture_output=True)
    return kept
