"""An archive that cannot be destroyed at the end of its term keeps no other."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

from neupusti.core.data import disk, files
from neupusti.core.data.database import db, writing
from neupusti.core.data.file_folder import FolderStore
from neupusti.core.data.files import GRACE
from neupusti.core.sweeping import RefusedError
from neupusti.rights.models import Export
from neupusti.rights.service import exporting
from tests import stored
from tests.conftest import SQLITE
from tests.people import AIGERIM, BOLAT, DANA, GUEST
from tests.rights.asking import bought, export_of, opened, work
from tests.rights.test_export import start
from tests.times import NOON, Clock

pytestmark = pytest.mark.slow


@pytest.fixture
def over(app: Flask, at: Clock) -> str:
    """Let three archives be past their term and a fourth one wait; return its number."""
    at(NOON)
    for who in (AIGERIM, BOLAT, DANA):
        bought(app, who)
        start(opened(app, who))
        work()
    at(NOON + exporting.LIFE)
    bought(app, GUEST)
    return start(opened(app, GUEST))


@contextmanager
def one_of_two_refused() -> Iterator[None]:
    """Let only one of the first two archives be stored as destroyed."""
    with writing() as session:
        where = "WHERE state = 'expired' AND id < 3"
        session.execute(text(f"CREATE UNIQUE INDEX one ON export (state) {where}"))
    yield
    db.session.rollback()
    with writing() as session:
        session.execute(text("DROP INDEX one"))


def in_place_of(name: str) -> Path:
    """Put a folder where a file is: it cannot be deleted as one."""
    path = disk.folder(exporting.FOLDER) / name
    path.unlink(missing_ok=True)
    path.mkdir()
    return path


def named() -> list[str]:
    db.session.rollback()
    rows = select(Export.name).where(Export.name.is_not(None)).order_by(Export.id)
    return [str(name) for name in db.session.scalars(rows)]


@pytest.mark.clause("5.1")
def test_an_archive_that_the_database_keeps_stops_no_other(app: Flask, over: str) -> None:
    with one_of_two_refused(), pytest.raises(RefusedError, match="1 refused"):
        work()
    [refused, new] = named()
    assert export_of(over).name == new
    assert not files.exists(exporting.FOLDER, refused)
    work()
    assert named() == [new]
    assert stored.names(exporting.FOLDER) == [new]


@SQLITE
@pytest.mark.clause("5.1")
def test_an_archive_that_the_disk_keeps_stops_no_other(app: Flask, over: str) -> None:
    first = named()[0]
    stuck = in_place_of(first)
    with pytest.raises(RefusedError, match="1 refused"):
        work()
    new = export_of(over).name
    assert named() == [first, new]
    assert stored.names(exporting.FOLDER) == [new]
    stuck.rmdir()
    work()
    assert named() == [new]


@SQLITE
@pytest.mark.clause("5.1")
def test_a_file_without_a_row_that_the_disk_keeps_stops_no_other(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(NOON)
    kept = min(files.store(exporting.FOLDER, b"half of it") for _ in range(3))
    stored.age(exporting.FOLDER, NOON)
    at(NOON + 2 * GRACE)
    destroy = FolderStore.destroy

    def refuse(store: FolderStore, kind: str, name: str) -> None:
        if name == kept:
            raise OSError(errno.EIO, "no disk")
        destroy(store, kind, name)

    monkeypatch.setattr(FolderStore, "destroy", refuse)
    with pytest.raises(OSError, match="no disk"):
        exporting.run()
    assert stored.names(exporting.FOLDER) == [kept]
