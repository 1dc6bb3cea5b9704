"""Files that an earlier version kept in the data folder come into the database."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import event

from neupusti.core import clock
from neupusti.core.data import disk, files
from neupusti.core.data.database import db
from neupusti.core.data.file_table import PART_BYTES

POSTGRESQL = pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
NOT_OURS = ["avatars/lock", f"backups/{'0' * 32}"]


def left() -> list[str]:
    home = disk.home()
    return sorted(str(file.relative_to(home)) for file in home.glob("*/*"))


def stored(former: dict[str, bytes]) -> dict[str, bytes]:
    return {path: files.read(*path.split("/")) for path in former}


@pytest.fixture
def former(app: Flask) -> dict[str, bytes]:
    """Files of an earlier version in the data folder: path -> bytes."""
    bodies = {}
    written = (clock.now() - timedelta(days=30)).timestamp()
    for number, kind in enumerate(files.FORMER_KINDS):
        for size in (10, 2 * PART_BYTES + number):
            name = files.new_name()
            file, body = disk.folder(kind) / name, bytes([number]) * size
            file.write_bytes(body)
            os.utime(file, (written, written))
            bodies[f"{kind}/{name}"] = body
    (disk.folder("avatars") / f"{'0' * 32}{disk.PART}").write_bytes(b"half")
    (disk.folder("avatars") / "lock").touch()
    (disk.folder("backups") / ("0" * 32)).write_bytes(b"of somebody else")
    return bodies


@POSTGRESQL
def test_setting_the_site_up_brings_them_in_once(
    app: Flask, former: dict[str, bytes]
) -> None:
    runner = app.test_cli_runner()
    told = f"Files brought into the database: {len(former)}."
    assert told in runner.invoke(args=["site", "setup"]).output
    assert stored(former) == former
    assert left() == NOT_OURS
    assert "Files brought" not in runner.invoke(args=["site", "setup"]).output
    assert stored(former) == former


@POSTGRESQL
def test_their_age_comes_along(app: Flask, former: dict[str, bytes]) -> None:
    """So what no row names goes with the next sweep."""
    files.adopt()
    assert [files.sweep(kind, tuple) for kind in files.FORMER_KINDS] == [2, 2, 2, 2]


@POSTGRESQL
@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
def test_whoever_is_killed_goes_on_from_there(
    app: Flask, former: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    unlink, calls, kills = Path.unlink, 0, 0

    def killed(*_: object) -> None:
        nonlocal calls
        calls += 1
        if calls % 2:
            raise KeyboardInterrupt

    def late(path: Path, *, missing_ok: bool = False) -> None:
        killed()
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        if moment == "before the commit":
            event.listen(db.engine, "commit", killed)
        else:
            patch.setattr(Path, "unlink", late)
        while left() != NOT_OURS:
            try:
                files.adopt()
            except KeyboardInterrupt:
                kills += 1
            on_disk = {path: disk.home() / path for path in former}
            gone = {path for path, file in on_disk.items() if not file.exists()}
            assert stored({path: former[path] for path in gone}) == {
                path: former[path] for path in gone
            }
    assert kills >= len(former)
    assert stored(former) == former


@POSTGRESQL
def test_what_somebody_else_put_there_stays(app: Flask, former: dict[str, bytes]) -> None:
    (disk.folder("photos") / "lost+found").mkdir()
    (disk.folder("photos") / f"folder{disk.PART}").mkdir()
    (disk.folder("photos") / "notes.txt").write_bytes(b"of somebody else")
    before = left()
    assert files.adopt() == len(former)
    theirs = ["photos/folder.part", "photos/lost+found", "photos/notes.txt"]
    assert left() == sorted([*NOT_OURS, *theirs])
    assert set(before) > set(left())


@POSTGRESQL
def test_the_way_back_puts_them_into_the_folder_again(
    app: Flask, former: dict[str, bytes]
) -> None:
    files.adopt()
    flask_migrate.downgrade(revision="0036")
    assert {path: (disk.home() / path).read_bytes() for path in former} == former
    modes = {(disk.home() / path).stat().st_mode & 0o777 for path in former}
    assert modes == {0o600}
    flask_migrate.upgrade()
    assert files.adopt() == len(former)
    assert stored(former) == former


@POSTGRESQL
def test_on_the_way_back_they_are_on_the_disk_before_the_table_goes(
    app: Flask, former: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one part of one file at a time is in memory."""
    files.adopt()
    done: list[str] = []
    fsync = os.fsync

    def synced(fd: int) -> None:
        fsync(fd)
        done.append(f"sync {Path(f'/proc/self/fd/{fd}').readlink()}")

    def executed(_connection: object, cursor: Any, statement: str, *_: object) -> None:
        done.append(statement)
        assert cursor.rowcount <= 1 or "SELECT body" not in statement

    monkeypatch.setattr(os, "fsync", synced)
    event.listen(db.engine, "after_cursor_execute", executed)
    flask_migrate.downgrade(revision="0036")
    before = done[: next(n for n, one in enumerate(done) if "DROP TABLE file_" in one)]
    assert sum(one.endswith(disk.PART) for one in before) == len(former)
    folders = {f"sync {disk.home() / kind}" for kind in files.FORMER_KINDS}
    assert {one: before.count(one) for one in folders} == dict.fromkeys(folders, 2)
    assert f"sync {disk.home()}" in before


@pytest.mark.parametrize("lend_databases", ["sqlite"], indirect=True)
def test_on_sqlite_they_stay_where_they_are(app: Flask, former: dict[str, bytes]) -> None:
    assert files.adopt() == 0
    assert stored(former) == former
    assert len(left()) == len(former) + 3


@pytest.mark.parametrize("lend_databases", ["sqlite"], indirect=True)
def test_on_sqlite_a_folder_beside_them_stops_no_sweep(
    app: Flask, former: dict[str, bytes]
) -> None:
    folder = disk.folder("photos") / "lost+found"
    folder.mkdir()
    os.utime(folder, (0, 0))
    assert files.sweep("photos", tuple) == 2
    assert folder.is_dir()
