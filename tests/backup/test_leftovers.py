"""What must be gone is gone, though a backup fails or a restore was killed."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from neupusti.backup.service import archive, restoring
from tests.backup.test_backups import (
    folder,  # noqa: F401 - a fixture
    made,
    run,
)
from tests.backup.yesterday import lose
from tests.conftest import SQLITE
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
