"""`flask backup make`, `check` and `restore`, on both databases."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.accounts.models import Person
from neupusti.accounts.service import consents as account_consents
from neupusti.backup.service import alone, archive, making
from neupusti.config.settings import settings
from neupusti.config.values import ROOT
from neupusti.core.data import files
from neupusti.core.data.database import db
from neupusti.core.records import decision_file, decisions, journal
from neupusti.core.records.decisions import State
from neupusti.core.web.gate import gate
from neupusti.newsletter.models import Subscriber, SubscriberState
from tests.accounts.cast import account
from tests.accounts.test_consents import given_consent
from tests.backup.yesterday import lose
from tests.conftest import SQLITE, missing
from tests.newsletter import cast as news
from tests.people import AIGERIM, BOLAT
from tests.served import environment_of
from tests.times import NOON, Clock

PICTURE = b"a picture" * 1000


def run(app: Flask, *words: object) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=[*map(str, words)])
    db.session.rollback()
    return done.exit_code, done.output


def made(app: Flask, folder: Path) -> Path:
    """Make a backup; return its file."""
    code, told = run(app, "backup", "make", "--to", folder)
    assert code == 0, told
    [file] = [path for path in folder.iterdir() if path.name.startswith("neupusti-")]
    assert f"{file}: " in told
    return file


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the data folder, for backups."""
    return tmp_path_factory.mktemp("backups")


@pytest.mark.clause("5.4")
@pytest.mark.situation(14, of="rights")
def test_a_restored_backup_is_the_site_as_it_was_and_repeats_what_came(
    app: Flask, folder: Path, at: Clock
) -> None:
    at(NOON)
    who = account(AIGERIM)
    number = given_consent(who)
    reader = news.subscriber(BOLAT.email)
    name = files.store("avatars", PICTURE)
    journal.keep_head()
    file = made(app, folder)
    assert file.stat().st_mode & 0o777 == 0o600
    at(NOON + timedelta(hours=5))
    account_consents.withdraw(who.number, number)
    lose(app)
    code, told = run(app, "backup", "restore", file)
    assert code == 0, told
    assert "1 decisions since: `flask decisions replay`" in told
    assert files.read("avatars", name) == PICTURE
    assert db.session.scalars(select(Person.email)).all() == [AIGERIM.email]
    gate().begin()
    assert app.test_client().get("/").status_code == 503
    assert run(app, "decisions", "replay")[0] == 0
    assert decisions.standing(db.session()).state is State.CURRENT
    assert run(app, "journal", "verify")[0] == 0
    subscriber = db.session.get_one(Subscriber, reader)
    assert subscriber.state == SubscriberState.ACTIVE


def test_a_backup_is_whole_and_migrates(app: Flask, folder: Path) -> None:
    account(AIGERIM)
    file = made(app, folder)
    code, told = run(app, "backup", "check", file)
    assert code == 0, told
    assert told.startswith("Whole: ")


@SQLITE
@pytest.mark.parametrize("where", [0.1, 0.5, 0.98])
def test_a_changed_or_cut_backup_is_refused(app: Flask, folder: Path, where: float) -> None:
    file = made(app, folder)
    body = file.read_bytes()
    place = int(len(body) * where)
    file.write_bytes(body[:place])
    code, told = run(app, "backup", "check", file)
    assert (code, told[:7]) == (1, "Error: ")
    file.write_bytes(body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :])
    code, told = run(app, "backup", "check", file)
    assert (code, told[:7]) == (1, "Error: ")


@SQLITE
def test_a_file_that_is_another_is_named(app: Flask, folder: Path) -> None:
    file = made(app, folder)
    with tarfile.open(file) as tar:
        parts = {name: tar.extractfile(name).read() for name in tar.getnames()}  # type: ignore[union-attr]
    manifest = json.loads(parts[archive.MANIFEST])
    manifest["files"]["main.sqlite"]["sha256"] = "0" * 64
    (folder / archive.MANIFEST).write_text(json.dumps(manifest))
    with tarfile.open(file, "w:gz") as tar:
        for name, body in parts.items():
            (folder / "part").write_bytes(body)
            tar.add(folder / ("part" if name != archive.MANIFEST else name), name)
    assert run(app, "backup", "check", file) == (
        1,
        "Error: Not what was backed up: main.sqlite.\n",
    )


@SQLITE
def test_nothing_is_restored_over_a_database(app: Flask, folder: Path) -> None:
    account(AIGERIM)
    file = made(app, folder)
    code, told = run(app, "backup", "restore", file)
    assert (code, told) == (
        1,
        "Error: The database «main» is not empty: nothing was restored.\n",
    )


@SQLITE
@pytest.mark.parametrize("end", ["-wal", "-journal"])
def test_nothing_is_restored_under_a_lost_log(app: Flask, folder: Path, end: str) -> None:
    file = made(app, folder)
    lose(app)
    Path(f"{db.engine.url.database}{end}").write_bytes(b"pages of the lost database")
    code, told = run(app, "backup", "restore", file)
    assert (code, "The database «main» is not empty" in told) == (1, True)


@SQLITE
def test_another_sites_decisions_are_not_mixed_with_these(app: Flask, folder: Path) -> None:
    account_consents.withdraw(account(AIGERIM).number, 1)
    decision_file.append("withdrawn")
    file = made(app, folder)
    lose(app)
    decision_file.path().write_bytes(b"another\n")
    code, told = run(app, "backup", "restore", file)
    assert code == 1
    assert "does not go on from the backup" in told
    assert decision_file.path().read_bytes() == b"another\n"


@SQLITE
def test_backups_go_on_the_day_that_their_name_says(
    app: Flask, folder: Path, at: Clock
) -> None:
    at(NOON)
    first = made(app, folder)
    assert f"until-{(NOON + timedelta(days=30)).date()}" in first.name
    (folder / "neupusti-of-somebody.tar.gz").touch()
    at(NOON + timedelta(days=30))
    run(app, "backup", "make", "--to", folder)
    assert first.exists()
    at(NOON + timedelta(days=31))
    code, told = run(app, "backup", "make", "--to", folder)
    assert (code, told.splitlines()[1]) == (
        0,
        "1 older backups, past their day, were removed.",
    )
    assert not first.exists()
    assert (folder / "neupusti-of-somebody.tar.gz").exists()


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of a public key, whose secret key is in the keyring of whoever restores."""
    if shutil.which("gpg-agent") is None:
        missing("gpg (gpg, gpg-agent)")
    home = Path("/tmp") / f"keys-{os.getpid()}"  # noqa: S108 - a socket's path is short
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    gpg = ["gpg", "--batch", "--quiet", "--passphrase", ""]
    made_up = ["--quick-generate-key", "backup", "future-default", "default", "never"]
    subprocess.run([*gpg, *made_up], check=True, capture_output=True)
    public = subprocess.check_output([*gpg, "--export", "backup"])
    (tmp_path / "backup.pgp").write_bytes(public)
    yield tmp_path / "backup.pgp"
    subprocess.run(["gpgconf", "--kill", "all"], check=False)
    shutil.rmtree(home)


@SQLITE
@pytest.mark.clause("5.4")
def test_with_a_key_only_its_owner_can_read_a_backup(
    app: Flask, folder: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account(AIGERIM)
    object.__setattr__(settings(), "backup_key", str(key))
    file = made(app, folder)
    assert file.suffix == ".gpg"
    assert AIGERIM.email.encode() not in file.read_bytes()
    assert run(app, "backup", "check", file)[0] == 0
    body = file.read_bytes()
    file.write_bytes(body[: len(body) // 2])
    assert run(app, "backup", "check", file)[0] == 1
    file.write_bytes(body)
    monkeypatch.setenv("GNUPGHOME", str(folder))
    code, told = run(app, "backup", "check", file)
    assert code == 1
    assert "No secret key" in told


@SQLITE
def test_a_key_that_is_none_makes_no_backup(
    app: Flask, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "none.pgp").write_text("none")
    object.__setattr__(settings(), "backup_key", str(tmp_path / "none.pgp"))
    code, told = run(app, "backup", "make", "--to", folder)
    assert code == 1
    assert told.startswith("Error: gpg: ")
    assert [path.name for path in folder.iterdir()] == [alone.LOCK]


@SQLITE
def test_a_killed_backup_leaves_none_that_looks_whole(app: Flask, folder: Path) -> None:
    for number in range(40):
        files.store("avatars", os.urandom(200_000) + bytes([number]))
    environment = environment_of(settings())
    command = [sys.executable, "-m", "flask", "backup", "make", "--to", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    while process.poll() is None:
        if any(folder.glob("*.part")):
            process.send_signal(signal.SIGKILL)
            break
    process.wait()
    assert process.returncode == -signal.SIGKILL
    assert not [path for path in folder.iterdir() if path.name.startswith("neupusti-")]
    assert any(folder.glob("*.part"))
    made(app, folder)
    assert not any(folder.glob("*.part"))
    assert not any(folder.glob(f"{making.STAGING}*"))


@SQLITE
def test_a_full_disk_leaves_nothing(
    app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: object, _name: str, _path: Path) -> None:
        raise OSError(28, "No space left on device", str(folder))

    monkeypatch.setattr(archive.Writer, "add", full)
    code, told = run(app, "backup", "make", "--to", folder)
    assert code == 1
    assert "No space left on device" in told
    assert [path.name for path in folder.iterdir()] == [alone.LOCK]


def test_the_name_says_when_it_was_made(app: Flask, folder: Path, at: Clock) -> None:
    at(datetime(2026, 11, 26, 20, 30, tzinfo=UTC))
    assert made(app, folder).name == ("neupusti-2026-11-26T203000Z-until-2026-12-27.tar.gz")


@SQLITE
def test_a_folder_of_backups_in_the_data_folder_is_left_out(
    app: Flask, tmp_path: Path
) -> None:
    (tmp_path / ".restoring-killed").mkdir()
    (tmp_path / ".restoring-killed" / "main.sqlite").touch()
    files.store("avatars", PICTURE)
    first = made(app, tmp_path / "backups")
    first.rename(first.with_name(f"copy-of-{first.name}"))
    with tarfile.open(made(app, tmp_path / "backups")) as tar:
        names = [name for name in tar.getnames() if name.startswith(archive.FILES)]
    assert [name.split("/")[1] for name in names] == ["avatars"]
