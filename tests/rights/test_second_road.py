"""What the search of both databases finds must be in the export."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event, insert, text

from neupusti.access.ingest import partitions
from neupusti.core import clock
from neupusti.core.data import postgresql
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import ACCESS, db, writing
from neupusti.core.records.journal import (
    Operation,
    ProcessingRecord,
    SecurityEvent,
    log_processing,
)
from neupusti.rights.service import second_road
from neupusti.rights.service.reading import HeldRows
from neupusti.rights.service.snapshot import snapshot
from tests.conftest import SQLITE
from tests.core.data.test_samples import VISIT
from tests.people import AIGERIM, BOLAT
from tests.rights.canaries import Planted
from tests.rights.conftest import Export

Plant = Callable[..., Planted]
Exporting = Callable[..., Export]


@pytest.mark.clause("6.1.3")
@pytest.mark.situation(2, of="rights")
def test_a_table_that_nobody_declared_makes_the_export_incomplete(
    app: Flask, plant: Plant, export: Exporting
) -> None:
    plant(AIGERIM, 1)
    plant(BOLAT, 2)
    with writing() as session:
        session.execute(text("CREATE TABLE stray (note TEXT)"))
        for who in (AIGERIM, BOLAT):
            row = {"note": f"Call {who.email.upper()} back"}
            session.execute(text("INSERT INTO stray VALUES (:note)"), row)
    made = export(AIGERIM, 1)
    assert not made.manifest.complete
    assert made.manifest.content["searched"]["outside"] == {"stray": 1}
    assert b"stray: 1" in made.files["kept.html"]
    with writing() as session:
        session.execute(text("DROP TABLE stray"))
    assert export(AIGERIM, 1).manifest.complete


def test_many_words_are_looked_for_in_few_reads(app: Flask) -> None:
    typed = {f"77010{number:05}" for number in range(150)}
    rows: list[dict[str, object]] = [
        {"words": None, "body": b"\xff" + AIGERIM.email.upper().encode()},
        {"words": "+7 7701000149", "body": b"\xff\0"},
        {"words": "+7 7701000150", "body": b""},
    ]
    reads: list[str] = []
    with writing() as session:
        kind = "BYTEA" if session.get_bind().dialect.name == "postgresql" else "BLOB"
        session.execute(text(f"CREATE TABLE stray (words TEXT, body {kind})"))
        session.execute(text("INSERT INTO stray VALUES (:words, :body)"), rows)
    with snapshot() as data:
        event.listen(
            data.main, "before_cursor_execute", lambda *given: reads.append(given[2])
        )
        found = second_road.search(data, frozenset({*typed, AIGERIM.email}))
    assert found.by_needle.keys() == {AIGERIM.email, "7701000149"}
    assert {name: len(keys) for name, keys in found.hits.items()} == {"stray": 2}
    assert sum("FROM stray" in read for read in reads) == 2


@SQLITE
def test_the_text_of_a_row_is_put_together_once_for_many_words(app: Flask) -> None:
    """A search for a hundred people would take a hundred times as long."""
    bodies: list[str] = []

    def lower(body: str | None) -> str | None:
        if body and "two rows" in body:
            bodies.append(body)
        return body

    with writing() as session:
        session.execute(text("CREATE TABLE stray (words TEXT)"))
        session.execute(text("INSERT INTO stray VALUES ('two rows'), ('of two rows')"))
    with snapshot() as data:
        raw: Any = data.main.connection.dbapi_connection
        raw.create_function("lower", 1, lower)
        wanted = frozenset(f"77010{number:05}" for number in range(second_road.CHUNK))
        assert second_road.search(data, wanted).hits == {}
        data.main.invalidate()
    assert len(bodies) == 2


@pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
def test_a_table_in_partitions_is_read_once(app: Flask) -> None:
    with db.engines[ACCESS].begin() as connection:
        partitions.ensure(connection, [clock.today()])
        connection.execute(text(VISIT), {"at": round(clock.now().timestamp() * 1000)})
    with snapshot() as data:
        found = second_road.search(data, frozenset({"firefox"}))
    assert {name: len(keys) for name, keys in found.hits.items()} == {"access_record": 9}


@pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
def test_a_search_of_a_job_may_read_the_largest_table(app: Flask) -> None:
    limits: list[float | None] = []
    with snapshot() as data:
        event.listen(
            data.access,
            "before_cursor_execute",
            lambda *_: limits.append(postgresql._limit()),  # noqa: SLF001 - no other way
        )
        with postgresql.job():
            second_road.search(data, frozenset({AIGERIM.email}))
        assert set(limits) == {postgresql.WHOLE_SECONDS}
        limits.clear()
        second_road.search(data, frozenset({AIGERIM.email}))
    assert set(limits) == {None}, "a command of an operator takes what it needs"


@pytest.mark.situation(16, of="rights")
def test_an_address_in_a_journal_is_found(plant: Plant, export: Exporting) -> None:
    plant(AIGERIM, 1)
    record = ProcessingRecord(
        operation=Operation.USE,
        what=f"e-mail to {AIGERIM.email}",
        why=Purpose.NOTICES,
        person=None,
    )
    with writing() as session:
        log_processing(session, record)
    made = export(AIGERIM, 1)
    assert made.manifest.content["searched"]["outside"] == {"processing_event": 1}


def test_what_others_write_meanwhile_is_not_in_the_snapshot(
    plant: Plant, export: Exporting, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = plant(AIGERIM, 1, "tombstone")  # nothing is written beside one
    like = planted.rows["security_event"]
    numbers = count(like["id"] + 1)
    counted = HeldRows.count

    def write_and_count(rows: HeldRows, connection: Connection) -> int:
        found = counted(rows, connection)
        with writing() as session:
            session.execute(insert(SecurityEvent), [{**like, "id": next(numbers)}])
        return found

    monkeypatch.setattr(HeldRows, "count", write_and_count)
    made = export(AIGERIM, 1)
    assert [row["id"] for row in made.rows("security_event")] == [like["id"]]
    assert made.manifest.complete
