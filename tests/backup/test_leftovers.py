"""What must be gone is gone, though a backup fails, or a check or restore was killed."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from neupusti.backup.service import archive, restoring
from neupusti.config.settings import settings
from neupusti.config.values import ROOT
from neupusti.core.registry import registry
from tests.backup.test_backups import (
    folder,  # noqa: F401 - a fixture
    made,
    run,
)
from tests.backup.yesterday import lose
from tests.conftest import SQLITE
from tests.served import environment_of
from tests.times import NOON, Clock

pytestmark = [SQLITE, pytest.mark.clause("5.4")]


def test_an_old_backup_goes_on_its_day_though_no_new_one_can_be_made(
    app: Flask,
    folder: Path,  # noqa: F811
    at: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(_self: object, _name: str, _path: Path) -> None:
        raise OSError(28, "No space left on device", str(folder))

    at(NOON)
    old = made(app, folder)
    at(NOON + timedelta(days=31))
    monkeypatch.setattr(archive.Writer, "add", full)
    assert run(app, "backup", "make", "--to", folder)[0] == 1
    assert not old.exists()


def test_the_copies_of_a_killed_restore_go_with_the_next(
    app: Flask,
    folder: Path,  # noqa: F811
) -> None:
    file = made(app, folder)
    lose(app)
    left = Path(app.instance_path) / f"{restoring.STAGING}killed"
    left.mkdir()
    (left / "main.sqlite").touch()
    code, told = run(app, "backup", "restore", file)
    assert code == 0, told
    assert not left.exists()


def left(app: Flask) -> list[Path]:
    """Return the copies that lie in the data folder."""
    return [*Path(app.instance_path).glob(f"{restoring.STAGING}*")]


@pytest.fixture
def killed(app: Flask, folder: Path) -> Path:  # noqa: F811
    """A backup whose check was killed once the main database was unpacked."""
    file = made(app, folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "backup", "check", str(file)],
        cwd=ROOT,
        env=environment_of(settings()),
        start_new_session=True,
    )
    while process.poll() is None:
        if any((copies / "main.sqlite").exists() for copies in left(app)):
            os.killpg(process.pid, signal.SIGKILL)
            break
    assert process.wait() == -signal.SIGKILL
    return file


def test_the_copies_of_a_killed_check_go_with_the_next(app: Flask, killed: Path) -> None:
    [copies] = left(app)
    assert copies.stat().st_mode & 0o777 == 0o700
    code, told = run(app, "backup", "check", killed)
    assert code == 0, told
    assert left(app) == []


@pytest.mark.manifest(field="jobs")
def test_the_copies_of_a_killed_check_go_with_a_job_of_the_site(
    app: Flask, killed: Path
) -> None:
    [job] = [one for one in registry().jobs if one.name == "backup copies"]
    job.run()
    assert left(app) == []
    with restoring.unpacked(killed, Path(app.instance_path)) as backup:
        job.run()
        assert left(app) == [backup.folder]
