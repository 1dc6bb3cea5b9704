from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import URL, create_engine, text
from sqlalchemy.exc import DBAPIError

from neupusti.core.data.database import ACCESS, db
from neupusti.core.proofs import reading
from neupusti.core.proofs.reading import WritableError, looking
from tests.conftest import SQLITE

WRITES = (
    "INSERT INTO job_beat VALUES ('x', '2026-11-22', 1, TRUE)",
    "UPDATE job_beat SET milliseconds = 0",
    "DELETE FROM job_beat",
    "CREATE TABLE kettle (id INTEGER)",
    "DROP TABLE job_beat",
)


@pytest.mark.parametrize("write", WRITES)
def test_no_statement_can_write(app: Flask, write: str) -> None:
    with looking() as both, pytest.raises(DBAPIError, match=r"read.?only"):
        both.main.execute(text(write))


def test_the_statement_after_an_error_cannot_write_either(app: Flask) -> None:
    """Read-only for one transaction would end with it."""
    with looking() as both:
        for connection in (both.main, both.access):
            for _ in range(2):
                with pytest.raises(DBAPIError, match=r"read.?only"):
                    connection.execute(text("CREATE TABLE kettle (id INTEGER)"))
                connection.rollback()


def test_the_live_rows_are_read(app: Flask) -> None:
    with looking() as both:
        count = text("SELECT count(*) FROM job_beat")
        assert both.main.scalar(count) == db.session.scalar(count)
        assert both.access.scalar(text("SELECT count(*) FROM access_record")) == 0


def test_a_check_sees_one_state_of_the_database(app: Flask) -> None:
    count = text("SELECT count(*) FROM job_beat")
    with looking() as both:
        before = both.main.scalar(count)
        with db.engine.begin() as writer:
            writer.execute(text("DELETE FROM job_beat"))
        assert both.main.scalar(count) == before != 0


@SQLITE
def test_any_other_error_is_not_taken_for_a_refusal(app: Flask) -> None:
    with db.engine.begin() as writer:
        writer.execute(text("CREATE TABLE proof_guard (id INTEGER)"))
    with pytest.raises(DBAPIError), looking():
        pass


@pytest.mark.parametrize("open_one", [None, ACCESS], ids=["main", "access"])
def test_a_connection_that_could_write_stops_the_run(
    app: Flask, monkeypatch: pytest.MonkeyPatch, open_one: str | None
) -> None:
    shut = reading._read_only  # noqa: SLF001 - what is opened instead

    def opened(of: Any) -> Any:
        return of if of is db.engines[open_one] else shut(of)

    monkeypatch.setattr(reading, "_read_only", opened)
    with pytest.raises(WritableError), looking():
        pass
    with db.engines[open_one].connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text("SELECT 1 FROM proof_guard"))


def test_the_path_of_a_database_may_hold_any_character(tmp_path: Path) -> None:
    folder = tmp_path / "a #?% ә"
    folder.mkdir()
    engine = create_engine(URL.create("sqlite", database=str(folder / "main.sqlite")))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE kettle (id INTEGER)"))
    shut = reading._read_only(engine)  # noqa: SLF001 - the app has one path only
    with shut.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM kettle")) == 0
        with pytest.raises(DBAPIError, match="readonly"):
            connection.execute(text("DROP TABLE kettle"))
    engine.dispose()
