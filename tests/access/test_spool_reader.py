import fcntl
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from neupusti.access.ingest import spool_reader, store
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.models import Cursor, Rollup, SeenVisitor, Total
from neupusti.access.recording.line import encode
from neupusti.access.recording.spool import Spool, files
from neupusti.access.views import cli
from neupusti.config.settings import Settings
from tests.access.conftest import BROWSER, count_rows, entry, rows

AT = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


def fill(folder: Path, count: int, *, closed: bool = True) -> Spool:
    spool = Spool(folder)
    for at in range(count):
        spool.append(encode(entry(AT, path=f"/product/{at}", request_id=f"{at:016}")))
    if closed:
        spool.close()
    return spool


def stays(engine: Engine) -> bool:
    """Return whether cursors outlive their files: for copies of those, on PostgreSQL."""
    return engine.dialect.name == "postgresql"


def consistent(engine: Engine) -> int:
    """Return the number of raw rows, which every roll-up must agree with."""
    total = len(rows(engine))
    with engine.connect() as connection:
        for unit in ("hour", "day"):
            query = (
                f"SELECT coalesce(sum(requests), 0) FROM access_total WHERE unit = '{unit}'"
            )
            assert connection.exec_driver_sql(query).scalar() == total
        for dimension in ("path", "status", "browser", "country", "referrer", "method"):
            query = (
                "SELECT coalesce(sum(requests), 0) FROM access_rollup"
                f" WHERE dimension = '{dimension}'"
            )
            assert connection.exec_driver_sql(query).scalar() == total, dimension
    return total


def test_what_was_asked_for_arrives(
    app: Flask, command: Callable[..., Result], engine: Engine
) -> None:
    visitor = app.test_client()
    for path in ("/", "/policy/", "/no-such-page"):
        assert visitor.get(path, headers={"User-Agent": BROWSER}).data
    assert command("ingest", "--once").output == "3 requests\n"
    assert [(row.path, row.status) for row in rows(engine)] == [
        ("/", 200),
        ("/policy/", 200),
        ("/no-such-page", 404),
    ]
    assert rows(engine)[0].browser == "Chrome"
    assert rows(engine)[0].at.tzinfo is UTC
    assert consistent(engine) == 3


def test_lines_are_read_once_while_the_file_still_grows(
    engine: Engine, enrichment: Enrichment, spool_folder: Path
) -> None:
    spool = fill(spool_folder, 3, closed=False)
    assert spool_reader.ingest(engine, spool_folder, enrichment) == 3
    assert spool_reader.ingest(engine, spool_folder, enrichment) == 0
    spool.append(encode(entry(AT)))
    assert spool_reader.ingest(engine, spool_folder, enrichment) == 1
    assert len(list(files(spool_folder))) == 1

    spool.close()
    assert spool_reader.ingest(engine, spool_folder, enrichment) == 0
    assert list(files(spool_folder)) == []
    assert count_rows(engine, Cursor) == stays(engine)
    assert consistent(engine) == 4


def test_more_lines_than_a_transaction_takes(
    engine: Engine,
    enrichment: Enrichment,
    spool_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spool_reader, "BATCH_LINES", 4)
    fill(spool_folder, 7)
    fill(spool_folder, 6)
    assert spool_reader.ingest(engine, spool_folder, enrichment) == 13
    assert consistent(engine) == 13
    assert len({row.request_id for row in rows(engine)}) == 7


@pytest.mark.parametrize(
    "moment",
    [
        (store, "write"),
        (store, "save_position"),
        (spool_reader, "_forget_cursors"),
        (Path, "unlink"),
    ],
)
def test_a_stop_at_any_moment_loses_and_duplicates_nothing(
    engine: Engine,
    enrichment: Enrichment,
    spool_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: tuple[object, str],
) -> None:
    fill(spool_folder, 5)
    with monkeypatch.context() as broken:
        broken.setattr(*moment, _stop)
        with pytest.raises(KeyboardInterrupt):
            spool_reader.ingest(engine, spool_folder, enrichment)
    spool_reader.ingest(engine, spool_folder, enrichment)
    assert consistent(engine) == 5
    assert list(files(spool_folder)) == []


def _stop(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_torn_line_of_a_dead_writer_is_counted(
    engine: Engine, enrichment: Enrichment, spool_folder: Path
) -> None:
    fill(spool_folder, 2)
    (path,) = files(spool_folder)
    with path.open("ab") as file:
        file.write(b'{"not": "a line"}\n{"t":17953507')
    spool_reader.ingest(engine, spool_folder, enrichment)
    assert consistent(engine) == 2
    with engine.connect() as connection:
        found = connection.execute(
            Rollup.__table__.select().where(Rollup.dimension == "malformed")
        )
        assert {row.value: row.requests for row in found} == {"torn": 1, "unreadable": 1}


def test_an_unfinished_line_of_a_living_writer_is_waited_for(
    engine: Engine, enrichment: Enrichment, spool_folder: Path
) -> None:
    spool = fill(spool_folder, 1, closed=False)
    (path,) = files(spool_folder)
    line = encode(entry(AT))
    with path.open("ab") as file:
        file.write(line[:20])
    assert spool_reader.ingest(engine, spool_folder, enrichment) == 1
    with path.open("ab") as file:
        file.write(line[20:])
    spool.close()
    assert spool_reader.ingest(engine, spool_folder, enrichment) == 1


def test_the_lines_wait_while_the_database_refuses(
    engine: Engine,
    enrichment: Enrichment,
    spool_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(spool_folder, 2)
    with monkeypatch.context() as down:
        down.setattr(Engine, "connect", _refuse)
        with pytest.raises(SQLAlchemyError):
            spool_reader.ingest(engine, spool_folder, enrichment)
    assert spool_reader.ingest(engine, spool_folder, enrichment) == 2


def _refuse(*_: object, **__: object) -> None:
    raise SQLAlchemyError("down")


def test_the_second_aggregator_ingests_and_removes_nothing(
    engine: Engine,
    enrichment: Enrichment,
    spool_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another aggregator ingests it between the read and the transaction."""
    fill(spool_folder, 3)
    others, read = ["one"], spool_reader.read

    def late(folder: Path, cursors: dict[str, int]) -> spool_reader.Chunk:
        chunk = read(folder, cursors)
        if others:
            others.clear()
            assert spool_reader.ingest(engine, spool_folder, enrichment) == 3
            fill(spool_folder, 2)
            chunk.finished += files(spool_folder)
        return chunk

    monkeypatch.setattr(spool_reader, "read", late)
    assert spool_reader.ingest(engine, spool_folder, enrichment) == 2
    assert consistent(engine) == 5


def test_visitors_are_counted_once_a_day_and_once_an_hour(
    engine: Engine, load: Callable[..., None]
) -> None:
    later = AT.replace(hour=9)
    tomorrow = AT.replace(day=23)
    load([entry(AT), entry(AT), entry(later)])
    load([entry(later), entry(AT, ip="2001:db8::1"), entry(tomorrow)])
    load([entry(AT, status=404, ip="203.0.113.9")])
    with engine.connect() as connection:
        totals = {
            (row.unit, row.start): row.visitors
            for row in connection.execute(Total.__table__.select())
        }
    assert totals == {
        ("hour", AT): 2,
        ("hour", later): 1,
        ("hour", tomorrow): 1,
        ("day", datetime(2026, 11, 21, 19, tzinfo=UTC)): 2,
        ("day", datetime(2026, 11, 22, 19, tzinfo=UTC)): 1,
    }
    assert count_rows(engine, SeenVisitor) == 3


def test_only_one_process_reads_a_spool(
    command: Callable[..., Result],
    settings: Settings,
    spool_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cli, "MAX_POLLS", 1)
    held = os.open(settings.instance / "access.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)
    assert "another process has ingested them" in command("ingest", "--once").output
    fill(spool_folder, 1)
    refused = command("ingest", "--once")
    os.close(held)
    assert refused.exit_code == 1
    assert "Another process" in refused.output
    assert command("ingest", "--once").output == "1 requests\n"


def test_a_folder_may_hold_more_files_than_a_query_takes_values(engine: Engine) -> None:
    with store.ingesting(engine) as connection:
        for name in ("0", "69999"):
            store.save_position(connection, name, 7)
    with engine.connect() as connection:
        found = store.cursors(connection, [str(number) for number in range(70_000)])
    assert found == {"0": 7, "69999": 7}
