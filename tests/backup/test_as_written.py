"""The commands of docs/backup.md, executed as they are written, on both databases."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from neupusti.config.checks import PREFIX
from neupusti.config.settings import Settings
from neupusti.config.values import ROOT
from neupusti.newsletter.models import SubscriberState
from tests.backup.written import BLOCKS, FLASK, STAND_INS, Shell, keyring, nightly
from tests.conftest import missing
from tests.journeys.test_restore import ONE_CLICK, states
from tests.lending import SECRET, opened, seeded
from tests.newsletter import cast as news
from tests.people import AIGERIM, BOLAT
from tests.postgres import USER, Cluster, binaries, ground
from tests.served import environment_of, free_port
from tests.site.test_server import answer, eventually

pytestmark = pytest.mark.slow
MADE = re.compile(r"(?m)^(/\S+): [\d.]+ MiB, to be kept until")


def begun(settings: Settings) -> str:
    """Begin with two readers; return the token by which one can leave."""
    with opened(settings):
        news.subscriber(BOLAT.email)
        return news.leaving_token(news.subscriber())


def leave(settings: Settings, token: str) -> None:
    """Unsubscribe, after the backup."""
    with opened(settings) as app:
        path = f"/newsletter/unsubscribe/{token}"
        assert app.test_client().post(path, data=ONE_CLICK).status_code < 400
    assert states(settings)[AIGERIM.email] == SubscriberState.ENDED


def restored(settings: Settings) -> bool:
    """Return whether who was there is there, and who left has left."""
    return states(settings) == {
        AIGERIM.email: SubscriberState.ENDED,
        BOLAT.email: SubscriberState.ACTIVE,
    }


def is_open(shell: Shell) -> bool:
    """Return whether the site serves, and misses no decision."""
    port = int(shell.environment["FLASK_SITE_SERVE_PORT"])
    told = answer(port, "/readyz")
    return '"main":"ok"' in told and "decisions" not in json.loads(told)


def backup_of(told: str) -> Path:
    """Return the file that `flask backup make` has named."""
    [file] = MADE.findall(told)
    return Path(file)


@pytest.mark.clause("5.4")
@pytest.mark.parametrize("lend_databases", ["sqlite"], indirect=True)
def test_on_sqlite_a_backup_is_made_checked_and_restored(
    settings: Settings, tmp_path: Path
) -> None:
    shell = Shell(tmp_path)
    instance = shell.app / "instance"
    instance.mkdir()
    for file in tmp_path.glob("*.sqlite"):
        file.rename(instance / file.name)
    object.__setattr__(settings, "instance", instance)
    token = begun(settings)
    shell.environment = environment_of(settings) | shell.variables()
    shell.environment["FLASK_SITE_SERVE_PORT"] = str(free_port())
    folder = str(tmp_path / "backups")
    told = shell.type(BLOCKS["make"], more={"NEUPUSTI_BACKUPS": folder})
    assert "Not encrypted" in told
    file = backup_of(told)
    assert shell.type(BLOCKS["check"], file).startswith("Whole: ")
    leave(settings, token)
    served = subprocess.Popen(
        shell.command(BLOCKS["sqlite"], file),
        cwd=shell.app,
        env=shell.variables(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: is_open(shell) or served.poll() is not None)
        assert is_open(shell)
    finally:
        if served.poll() is None:
            os.killpg(served.pid, signal.SIGTERM)
        served.wait()
    assert restored(settings)
    assert {path.name for path in (shell.app / "aside").iterdir()} >= {"main.sqlite"}
    shell.is_sound()


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Run a PostgreSQL with the roles of the README."""
    if binaries() is None or os.geteuid() or shutil.which("gpg-agent") is None:
        missing("PostgreSQL, gpg with gpg-agent, or root")
    with ground() as place, Cluster(place).running() as made:
        # The first role of a cluster is a superuser for good, and the site's is to be none.
        made.execute("CREATE ROLE keeper SUPERUSER LOGIN")
        url = made.url("postgres").replace(f"{USER}@", "keeper@")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"ALTER ROLE {USER} RENAME TO postgres")
            connection.execute(f"CREATE ROLE {USER} LOGIN")
        yield made


@contextmanager
def deployed(shell: Shell, cluster: Cluster) -> Iterator[Settings]:
    """Deploy the site; its commands run as the README says."""
    for name, script in STAND_INS.items():
        shell.stand_in(name, script)
    [flask] = FLASK.findall((ROOT / "README.md").read_text())
    shell.stand_in("flask", shell.command(f'exec {flask}"$@"')[-1])
    (data := shell.here / "data").mkdir()
    shell.environment = {
        "PGHOST": str(cluster.socket),
        "FLASK_SITE_SERVE_PORT": str(free_port()),
    }
    for name in ("neupusti", "neupusti_access"):
        shell.type(f'su postgres -c "createdb -O neupusti {name}"')
    settings = Settings(
        secret_key=SECRET,
        instance=data,
        database_url=cluster.url("neupusti"),
        access_database_url=cluster.url("neupusti_access"),
    )
    seeded(settings)
    given = environment_of(settings) | {
        "NEUPUSTI_BACKUPS": str(shell.here / "backups"),
        "NEUPUSTI_BACKUP_KEY": str(shell.app / "backup.pgp"),
    }
    lines = [f"{name}={one}\n" for name, one in given.items() if name.startswith(PREFIX)]
    (shell.here / "environment").write_text("".join(lines))
    shell.type("systemctl start neupusti.socket neupusti")
    try:
        yield settings
    finally:
        shell.type("systemctl stop neupusti.socket neupusti")


@pytest.mark.clause("5.4")
def test_on_postgresql_a_backup_is_encrypted_checked_and_restored(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    with (
        cluster() as made,
        keyring(shell, made.socket.parent / "keys") as elsewhere,
        deployed(shell, made) as settings,
    ):
        token = begun(settings)
        shell.type(BLOCKS["timer"])
        assert (tmp_path / "backups").stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "enabled").exists()
        eventually(lambda: is_open(shell))
        backup_of(shell.type(nightly(shell)))
        file = backup_of(shell.type(BLOCKS["make"]))
        assert file.suffix == ".gpg"
        assert "Whole: " in shell.type(BLOCKS["check"], file, elsewhere)
        assert "No secret key" in shell.type(f"! {BLOCKS['check'].strip()}", file)
        leave(settings, token)
        shell.type(BLOCKS["decrypt"], file, elsewhere)
        shell.type(BLOCKS["postgresql"], shell.app / "backup.tar.gz")
        eventually(lambda: is_open(shell))
        assert restored(settings)
        shell.is_sound()
