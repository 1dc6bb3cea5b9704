"""Files that are in the database are in its copy: none is lost, and none is there twice."""

import subprocess
import tarfile
from pathlib import Path

import pytest
from flask import Flask

from neupusti.backup.service import archive
from neupusti.core.data import disk, files
from tests.backup.test_backups import PICTURE, folder, made, run
from tests.backup.yesterday import lose
from tests.conftest import SQLITE

__all__ = ["folder"]
POSTGRESQL = pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
KINDS = ("avatars", "exports", "photos")


@SQLITE
def test_neither_secret_nor_exports_are_in_it(app: Flask, folder: Path) -> None:
    (Path(app.instance_path) / "secret").write_text("secret")
    files.store("exports", PICTURE)
    files.store("avatars", PICTURE)
    file = made(app, folder)
    with tarfile.open(file) as tar:
        names = tar.getnames()
    assert [name for name in names if "secret" in name or "exports" in name] == []
    assert len([name for name in names if name.startswith("files/avatars/")]) == 1
    assert names[-1] == archive.MANIFEST


@POSTGRESQL
def test_archives_are_left_out_of_the_copy(app: Flask, folder: Path) -> None:
    for kind in KINDS:
        files.store(kind, PICTURE)
    with tarfile.open(made(app, folder)) as tar:
        names = tar.getnames()
        dump = tar.extractfile("main.dump")
        assert dump is not None
        (folder / "main.dump").write_bytes(dump.read())
    assert [name for name in names if name.startswith(archive.FILES)] == []
    command = ["pg_restore", "--list", str(folder / "main.dump")]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = {kind for kind in KINDS if f"TABLE DATA public file_part_{kind}" in listed}
    assert found == {"avatars", "photos"}


@POSTGRESQL
def test_a_restored_site_has_its_files_but_for_archives(app: Flask, folder: Path) -> None:
    stored = {kind: files.store(kind, PICTURE) for kind in KINDS}
    file = made(app, folder)
    code, told = run(app, "backup", "check", file)
    assert (code, told[:7]) == (0, "Whole: ")
    lose(app)
    assert run(app, "backup", "restore", file)[0] == 0
    assert {kind for kind, name in stored.items() if files.exists(kind, name)} == {
        "avatars",
        "photos",
    }
    assert files.read("photos", stored["photos"]) == PICTURE
    assert not [path for path in disk.home().glob("*/*") if path.name in stored.values()]
