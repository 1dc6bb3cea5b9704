"""Files in the database go with their person, and are searched as those on a disk are."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, text

from neupusti.accounts.service import avatar
from neupusti.core.data import files
from neupusti.core.data.database import db
from neupusti.core.data.file_table import PART_BYTES
from neupusti.erasure.models import ErasureFile
from neupusti.erasure.service import verifying, wiping
from tests import photos, stored
from tests.accounts.cast import account
from tests.erasure.erasing import BEGINS, NOON, confirmed, erasure_of, work
from tests.people import AIGERIM, BOLAT
from tests.times import Clock

pytestmark = pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
HOUR = timedelta(hours=1)
EMAIL = AIGERIM.email.encode()
JPEG = photos.encoded(photos.drawn(), "JPEG")
TABLES = text(
    """SELECT current_setting('data_directory') || '/' || pg_relation_filepath(oid)
    FROM pg_class WHERE oid = to_regclass('file_part_avatars') OR oid =
    (SELECT reltoastrelid FROM pg_class WHERE oid = to_regclass('file_part_avatars'))"""
)


def on_the_server() -> bytes:
    """Return the bytes of the tables with pictures, as they are on the server's disk."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        return b"".join(Path(path).read_bytes() for path in connection.scalars(TABLES))


def pictured(app: Flask) -> int:
    """Let Айгерим and Болат have pictures; return her number."""
    number = account(AIGERIM).number
    for person in (number, account(BOLAT).number):
        avatar.replace(person, JPEG, "a.jpg")
    return number


@pytest.mark.clause("6.1.3")
def test_their_bytes_are_gone_from_the_tables(app: Flask, at: Clock) -> None:
    at(NOON)
    person = pictured(app)
    photo = avatar.get(person)
    assert photo is not None
    name, body = photo.name.encode(), avatar.body_of(photo)
    assert name in on_the_server()
    assert on_the_server().count(body[:64]) == 2
    number = confirmed(AIGERIM, person)
    said: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    at(BEGINS)
    work(2)
    assert erasure_of(number).state == "done"
    assert name not in on_the_server()
    assert on_the_server().count(body[:64]) == 1
    wiped = [words.split()[-1] for words in said if words.startswith("VACUUM")]
    assert {table for table in wiped if table.startswith("file_part")} == {
        "file_part_avatars",
        "file_part_exports",
    }
    assert len(stored.names(avatar.FOLDER)) == 1
    assert db.session.query(ErasureFile).count() == 0


@pytest.mark.clause("6.1.3")
def test_where_they_cannot_be_wiped_their_names_stay_for_the_next_run(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    person = pictured(app)
    number = confirmed(AIGERIM, person)
    at(BEGINS)
    with db.engine.connect() as reader:
        reader.execute(text("LOCK TABLE file_part_avatars IN ACCESS SHARE MODE"))
        work()
        assert erasure_of(number).state == "incomplete"
        assert db.session.query(ErasureFile).count() == 1
        db.session.rollback()
    at(BEGINS + HOUR)
    work(2)
    assert erasure_of(number).state == "done"
    assert db.session.query(ErasureFile).count() == 0


@pytest.mark.parametrize("before", [0, PART_BYTES - 5])
def test_a_word_in_a_file_is_found_across_two_parts_too(app: Flask, before: int) -> None:
    name = files.store("sheets", b"x" * before + EMAIL + b"x")
    files.store("sheets", b"x" * 100)
    found = verifying.in_database([AIGERIM.email])
    assert list(found) == [f"sheets/{name}"]
    assert verifying.in_database([BOLAT.email]) == {}
    files.store("photos", b"x" * before + EMAIL)
    assert list(verifying.in_database([AIGERIM.email])) == list(found)


def test_the_end_of_one_file_and_the_beginning_of_the_next_are_no_word(app: Flask) -> None:
    for number, half in enumerate((EMAIL[:8], EMAIL[8:])):
        files.store("sheets", half, f"{number}" * 32)
    assert verifying.in_database([AIGERIM.email], {AIGERIM.email.split("@")[0][-9:]}) == {}


def test_a_forgotten_file_makes_it_incomplete(app: Flask, at: Clock) -> None:
    at(NOON)
    number = confirmed(AIGERIM, account(AIGERIM).number)
    name = files.store("sheets", EMAIL)
    at(BEGINS)
    work(2)
    assert erasure_of(number).state == "incomplete"
    files.destroy("sheets", name)
    at(BEGINS + HOUR)
    work(2)
    assert erasure_of(number).state == "done"


@pytest.mark.clause("6.1.3")
def test_files_are_written_anew_however_large_they_are(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(wiping, "SMALL", 0)
    event.listen(db.engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    assert wiping.database(["letter"], ["avatars"])
    assert "VACUUM (ANALYZE) letter" in said
    assert "VACUUM (FULL, ANALYZE) file_part_avatars" in said


def test_photos_of_goods_are_not_written_anew(app: Flask) -> None:
    said: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    assert wiping.database(["file_part", "person"], {"avatars"})
    wiped = [words.split()[-1] for words in said if words.startswith("VACUUM")]
    assert wiped == ["person", "file_part_avatars"]
