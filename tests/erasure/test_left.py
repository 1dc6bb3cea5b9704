"""Nothing is done while anything is left, wherever and in whatever form."""

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from neupusti.backup.service import restoring
from neupusti.core.data import postgresql
from neupusti.core.data.database import db, writing
from neupusti.core.data.keys import LostSecretError
from neupusti.core.data.postgresql import LOCK_SECONDS
from neupusti.erasure.models import Erasure
from neupusti.erasure.service import destroying, running, verifying, wiping
from neupusti.rights.service import second_road
from neupusti.rights.service.snapshot import Snapshot
from tests.accounts.cast import account
from tests.conftest import SQLITE
from tests.erasure.erasing import BEGINS, NOON, confirmed, erasure_of, work
from tests.people import AIGERIM, BOLAT, DANA
from tests.times import Clock

EMAIL = AIGERIM.email.encode()
HOUR = timedelta(hours=1)
FORMS = {
    "plain": EMAIL,
    "upper": EMAIL.upper(),
    "percent": quote(AIGERIM.email, safe="").encode(),
    **{f"base64 at {n}": b64encode(b"x" * n + EMAIL + b"y") for n in range(3)},
    "phone": AIGERIM.phone.encode(),
    "end of the phone": AIGERIM.phone[-9:].encode(),
}


@pytest.mark.clause("6.1.3")
@pytest.mark.situation(2, of="rights")
def test_a_copy_that_nobody_declared_is_found(app: Flask, at: Clock) -> None:
    at(NOON)
    number = confirmed(AIGERIM, account(AIGERIM).number)
    with writing() as session:
        session.execute(text("CREATE TABLE lookup (id INTEGER PRIMARY KEY, words TEXT)"))
        words = {"words": f"<{AIGERIM.email}>"}
        session.execute(text("INSERT INTO lookup VALUES (1, :words)"), words)
    at(BEGINS)
    work(2)
    found = erasure_of(number)
    assert (found.state, found.left) == ("incomplete", 1)
    with writing() as session:
        session.execute(text("DROP TABLE lookup"))
    work()
    assert erasure_of(number).state == "incomplete"
    at(BEGINS + HOUR)
    work(2)
    assert (erasure_of(number).state, erasure_of(number).left) == ("done", 0)


@SQLITE
@pytest.mark.parametrize("form", FORMS)
def test_a_file_is_found_in_each_form(app: Flask, tmp_path: Path, form: str) -> None:
    wanted = (AIGERIM.email, AIGERIM.phone[-10:])
    (tmp_path / "log").write_bytes(b"\0" * 5000 + FORMS[form] + b"\0")
    assert list(verifying.in_files(tmp_path, wanted)) == ["log"]
    (tmp_path / "log").write_bytes(b"aigerim of example.kz, 77010 00001")
    assert verifying.in_files(tmp_path, wanted) == {}


@SQLITE
def test_a_backup_that_is_being_checked_is_no_place_where_something_is_left(
    app: Flask, tmp_path: Path
) -> None:
    """It ends by its own day, and what is unpacked of it once it is checked."""
    for folder in (f"{restoring.STAGING}1", "photos"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / ".log").write_bytes(EMAIL)
    assert list(verifying.in_files(tmp_path, [AIGERIM.email])) == ["photos/.log"]


@SQLITE
def test_a_word_across_two_chunks_is_found(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "CHUNK", 64)
    (tmp_path / "log").write_bytes(b"x" * 55 + EMAIL)
    assert list(verifying.in_files(tmp_path, [AIGERIM.email])) == ["log"]


@SQLITE
def test_a_forgotten_file_makes_it_incomplete(app: Flask, at: Clock) -> None:
    at(NOON)
    number = confirmed(AIGERIM, account(AIGERIM).number)
    path = Path(app.instance_path) / "old.log"
    path.write_bytes(EMAIL)
    at(BEGINS)
    work(2)
    assert erasure_of(number).state == "incomplete"
    path.unlink()
    at(BEGINS + HOUR)
    work(2)
    assert erasure_of(number).state == "done"


@SQLITE
@pytest.mark.situation(5, of="rights")
def test_with_a_reader_open_it_is_not_done(app: Flask, at: Clock) -> None:
    at(NOON)
    number = confirmed(AIGERIM, account(AIGERIM).number)
    at(BEGINS)
    with db.engine.connect() as reader:
        reader.execute(text("SELECT count(*) FROM person")).one()
        work()
        assert erasure_of(number).state == "incomplete"
    at(BEGINS + HOUR)
    work(2)
    assert erasure_of(number).state == "done"


@pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
def test_a_connection_that_wiped_keeps_its_limit_of_locks(app: Flask) -> None:
    db.engine.dispose()
    assert wiping.database(["person"])
    with db.engine.connect() as pooled:
        limit = pooled.scalar(text("SHOW lock_timeout"))
    assert limit == f"{LOCK_SECONDS * 1000:.0f}ms"


@pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
def test_a_table_is_written_anew_once_for_many(app: Flask, at: Clock) -> None:
    at(NOON)
    numbers = [confirmed(who, account(who).number) for who in (AIGERIM, BOLAT)]
    at(BEGINS)
    said: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    work()
    assert {erasure_of(number).state for number in numbers} == {"done"}
    wiped = [words.split()[-1] for words in said if words.startswith("VACUUM")]
    assert (wiped.count("person"), wiped.count("letter")) == (1, 2)


def test_one_search_serves_many_and_tells_them_apart(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(NOON)
    cast = (AIGERIM, BOLAT)
    first, second = (confirmed(who, account(who).number) for who in cast)
    words = {"words": f"<{AIGERIM.email}>"}
    with writing() as session:
        session.execute(text("CREATE TABLE lookup (id INTEGER PRIMARY KEY, words TEXT)"))
        session.execute(text("INSERT INTO lookup VALUES (1, :words)"), words)
    path = Path(app.instance_path) / "old.log"
    path.write_bytes(BOLAT.email.encode())
    searched: list[frozenset[str]] = []
    search = second_road.search

    def note(data: Snapshot, wanted: frozenset[str]) -> second_road.Found:
        searched.append(wanted)
        return search(data, wanted)

    monkeypatch.setattr(second_road, "search", note)
    at(BEGINS)
    work()
    assert len([one for one in searched if {who.email for who in cast} <= one]) == 1
    assert len(searched) == 2, "the words, and their ends"
    on_disk = erasure_of(second).state, erasure_of(second).left
    is_sqlite = db.engine.dialect.name == "sqlite"
    assert (erasure_of(first).state, erasure_of(first).left) == ("incomplete", 1)
    assert on_disk == (("incomplete", 1) if is_sqlite else ("done", 0))


def test_a_run_takes_so_many_and_the_next_one_the_rest(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(NOON)
    numbers = [confirmed(who, account(who).number) for who in (AIGERIM, BOLAT, DANA)]
    monkeypatch.setattr(running, "MOST", 2)
    at(BEGINS)
    work()
    assert [erasure_of(one).state for one in numbers] == ["done", "done", "confirmed"]
    work()
    assert erasure_of(numbers[-1]).state == "done"


def test_what_is_put_off_takes_no_place_in_a_run(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(NOON)
    first, second = (confirmed(who, account(who).number) for who in (AIGERIM, BOLAT))
    put_off = destroying.is_put_off
    monkeypatch.setattr(running, "MOST", 1)
    monkeypatch.setattr(
        destroying,
        "is_put_off",
        lambda session, whose: whose.email_key == AIGERIM.email or put_off(session, whose),
    )
    at(BEGINS)
    work()
    assert [erasure_of(one).state for one in (first, second)] == ["confirmed", "done"]


def test_whom_nobody_can_tell_any_more_holds_up_no_other(app: Flask, at: Clock) -> None:
    at(NOON)
    first, second = (confirmed(who, account(who).number) for who in (AIGERIM, BOLAT))
    at(BEGINS)
    assert destroying.destroy(first)
    with writing() as session:
        session.get_one(Erasure, first).kept_secret = "lost:00:00"
    with pytest.raises(LostSecretError):
        work()
    assert [erasure_of(one).state for one in (first, second)] == ["incomplete", "done"]
    work()  # not before an hour has passed


@pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
def test_the_samples_of_large_tables_may_be_searched(app: Flask, at: Clock) -> None:
    at(NOON)
    confirmed(AIGERIM, account(AIGERIM).number)
    at(BEGINS)
    limits: dict[str, float | None] = {}

    def note(*given: Any) -> None:
        limits[given[2]] = postgresql._limit()  # noqa: SLF001 - no other way to see it

    event.listen(db.engine, "before_cursor_execute", note)
    with postgresql.job():
        work()
    [limit] = [limit for words, limit in limits.items() if "bounds::text ILIKE" in words]
    assert limit == postgresql.WHOLE_SECONDS


def test_a_search_that_fails_is_made_again_after_an_hour(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(NOON)
    number = confirmed(AIGERIM, account(AIGERIM).number)
    at(BEGINS)

    def fail(*_: Any) -> None:
        raise OperationalError("SELECT", None, Exception("no answer in time"))

    with monkeypatch.context() as patched:
        patched.setattr(verifying, "left", fail)
        with pytest.raises(OperationalError):
            work()
        assert (erasure_of(number).state, erasure_of(number).tried_at) == (
            "incomplete",
            BEGINS,
        )
        work()
    at(BEGINS + HOUR)
    work(2)
    assert erasure_of(number).state == "done"


def test_who_is_back_before_the_search_is_not_left(app: Flask, at: Clock) -> None:
    at(NOON)
    first = account(AIGERIM).number
    number = confirmed(AIGERIM, first)
    at(BEGINS)
    assert destroying.destroy(number)
    at(BEGINS + timedelta(seconds=1))
    again = account(AIGERIM)
    work(2)
    assert erasure_of(number).state == "done"
    assert again.number > first


@SQLITE
@pytest.mark.parametrize(
    ("email", "phone"),
    [
        (f"other.of.{AIGERIM.email}", BOLAT.phone),
        (BOLAT.email, AIGERIM.phone.replace("+77", "+78")),
    ],
    ids=["name", "phone"],
)
def test_a_namesake_is_not_left(app: Flask, at: Clock, email: str, phone: str) -> None:
    at(NOON)
    who = replace(AIGERIM, email=f"first.of.{AIGERIM.email}")
    number = confirmed(who, account(who).number)
    account(replace(BOLAT, email=email, phone=phone))
    at(BEGINS)
    work(2)
    assert erasure_of(number).state == "done"


@SQLITE
def test_what_a_namesake_lacks_is_still_found(app: Flask, tmp_path: Path) -> None:
    word, shared = f"first.of.{AIGERIM.email}", frozenset({"f.aigerim"})
    (tmp_path / "log").write_bytes(b"other.of.aigerim")
    assert verifying.in_files(tmp_path, [word], shared) == {}
    assert verifying.in_files(tmp_path, [word]) == {"log": {word: 1}}
    (tmp_path / "log").write_bytes(word.upper().encode())
    assert verifying.in_files(tmp_path, [word], shared) == {"log": {word: 1}}
