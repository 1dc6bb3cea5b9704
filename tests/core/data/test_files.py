"""Stored files: the same in the data folder and in the database."""

import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from neupusti.core import clock
from neupusti.core.data import disk, file_table, files
from neupusti.core.data.database import db
from neupusti.core.data.file_table import PART_BYTES, FilePart
from tests.stored import age, names

POSTGRESQL = pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
KIND = "avatars"
OLD = 2 * files.GRACE
MIBIBYTE = 1024 * 1024
FULL = (
    """CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE disk_full; END $$""",
    """CREATE TRIGGER fill BEFORE INSERT ON file_part FOR EACH ROW WHEN (NEW.part = 2)
    EXECUTE FUNCTION fill()""",
)
"""The third part of a file finds no room."""
OF_BODIES = text(
    """SELECT DISTINCT attstorage, attstattarget FROM pg_attribute
    WHERE attname = 'body' AND attrelid::regclass::text LIKE 'file_part%'"""
)


def rows() -> int:
    with db.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(FilePart)) or 0


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES, 3 * PART_BYTES + 5])
def test_a_file_is_read_as_it_was_stored(app: Flask, size: int) -> None:
    body = bytes(number % 251 for number in range(size))
    name = files.store(KIND, body)
    age(KIND, clock.now())
    assert files.exists(KIND, name)
    assert files.read(KIND, name) == body
    assert names(KIND) == [name]
    found = files.opened(KIND, name)
    with found.body as file:
        assert (found.size, found.mode) == (size, 0o600)
        assert abs(found.at - clock.now()) < timedelta(minutes=5)
        assert file.read() == body
        file.seek(size // 2)
        assert file.read(10) == body[size // 2 :][:10]
        file.seek(-1 if size else 0, 2)
        assert file.read() == body[-1:]
    files.destroy(KIND, name)
    files.destroy(KIND, name)
    assert not files.exists(KIND, name)
    for read in (files.read, files.opened):
        with pytest.raises(FileNotFoundError):
            read(KIND, name)


def test_only_names_of_ours_are_looked_for(app: Flask) -> None:
    for name in ("", "lock", "../main.sqlite", "0" * 31, f"{'0' * 32}/x", "A" * 32):
        for use in (files.read, files.opened, files.exists, files.destroy):
            with pytest.raises(ValueError, match="not the name"):
                use(KIND, name)


@pytest.mark.parametrize("lend_databases", ["sqlite"], indirect=True)
def test_a_file_that_goes_while_they_are_listed_is_left_out(app: Flask) -> None:
    name = files.store(KIND, b"one")
    (disk.folder(KIND) / "gone").symlink_to("nowhere")
    assert names(KIND) == [name]


def test_a_file_of_another_kind_is_another_file(app: Flask) -> None:
    name = files.store(KIND, b"one")
    assert not files.exists("sheets", name)
    files.destroy("sheets", name)
    assert files.read(KIND, name) == b"one"


def test_what_fails_midway_leaves_nothing(app: Flask) -> None:
    with suppress(RuntimeError), files.storing(KIND, files.new_name()) as out:
        out.write(bytes(3 * PART_BYTES))
        raise RuntimeError
    assert names(KIND) == []


def test_a_shorter_file_replaces_a_longer_one_wholly(app: Flask) -> None:
    name = files.store(KIND, bytes(3 * PART_BYTES))
    assert files.store(KIND, b"short", name) == name
    assert files.read(KIND, name) == b"short"
    assert rows() <= 1


def test_a_large_file_is_never_in_memory(app: Flask) -> None:
    piece, count = bytes(MIBIBYTE), 24
    name = files.new_name()
    tracemalloc.start()
    try:
        with files.storing(KIND, name) as out:
            for _ in range(count):
                out.write(piece)
        with files.opened(KIND, name).body as file:
            assert sum(map(len, iter(lambda: file.read(64 * 1024), b""))) == count * len(
                piece
            )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < count * len(piece) / 3


@POSTGRESQL
def test_nothing_of_it_gets_a_name_on_the_disk(app: Flask) -> None:
    before = set(disk.home().rglob("*"))
    with files.storing(KIND, files.new_name()) as out:
        out.write(bytes(2 * file_table.SPOOLED_BYTES))
        assert set(disk.home().rglob("*")) == before
    assert set(disk.home().rglob("*")) == before


def test_a_sweep_destroys_old_files_without_a_row(app: Flask) -> None:
    named, orphan = files.store(KIND, b"named"), files.store(KIND, b"orphan")
    age(KIND, clock.now())
    assert files.sweep(KIND, lambda: [named]) == 0
    age(KIND, clock.now() - OLD)
    young, other = files.store(KIND, b"young"), files.store("sheets", b"x")
    age(KIND, clock.now(), young)
    age("sheets", clock.now() - OLD)
    assert files.sweep(KIND, lambda: [named]) == 1
    assert names(KIND) == sorted([named, young])
    assert not files.exists(KIND, orphan)
    assert files.exists("sheets", other)


@POSTGRESQL
def test_a_sweep_leaves_what_another_machine_stores_again_meanwhile(app: Flask) -> None:
    name = files.store(KIND, b"photo")
    age(KIND, clock.now() - OLD)

    def rows_are_read() -> Iterator[str]:
        files.store(KIND, b"photo", name)
        return iter(())

    assert files.sweep(KIND, rows_are_read) == 0
    assert files.read(KIND, name) == b"photo"


@POSTGRESQL
def test_two_machines_may_store_the_same_photo_at_once(app: Flask) -> None:
    name, body = files.new_name(), bytes(5 * PART_BYTES)
    barrier, failed = Barrier(4), []

    def work() -> None:
        with app.app_context():
            barrier.wait()
            try:
                files.store(KIND, body, name)
            except OperationalError as error:
                failed.append(error)

    threads = [Thread(target=work) for _ in range(barrier.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert files.read(KIND, name) == body
    assert rows() == 5


@POSTGRESQL
def test_a_file_that_goes_while_it_is_read_ends_in_an_error(app: Flask) -> None:
    name = files.store(KIND, bytes(3 * PART_BYTES))
    with files.opened(KIND, name).body as file:
        assert len(file.read(10)) == 10
        files.destroy(KIND, name)
        with pytest.raises(OSError, match="has gone"):
            file.read()


@POSTGRESQL
def test_a_tablespace_that_fills_up_midway_leaves_what_was(
    app: Flask,
) -> None:
    name = files.store(KIND, b"before")
    with db.engine.begin() as connection:
        for statement in FULL:
            connection.execute(text(statement))
    with pytest.raises(OperationalError):
        files.store(KIND, bytes(5 * PART_BYTES), name)
    assert files.read(KIND, name) == b"before"


@POSTGRESQL
def test_each_kind_has_a_partition_and_nothing_is_sampled(app: Flask) -> None:
    for kind in (*files.FORMER_KINDS, "letters"):
        files.store(kind, b"x")
    with db.engine.connect() as connection:
        tables = select(text("tableoid::regclass::text")).select_from(FilePart)
        found = set(connection.scalars(tables))
        kinds = {f"file_part_{kind}" for kind in files.FORMER_KINDS}
        assert found == kinds | {file_table.OTHERS}
        assert file_table.partitions(connection, ("avatars", "letters")) == {
            "file_part_avatars",
            file_table.OTHERS,
        }
        columns = connection.execute(OF_BODIES).all()
    assert [tuple(column) for column in columns] == [("e", 0)]
