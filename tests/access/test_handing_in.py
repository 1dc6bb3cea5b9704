"""The spool of a dead machine is handed in: each line once, whenever and how often."""

import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import Engine, update

from neupusti.access.ingest import spool_reader, store
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.models import Cursor, Record, SeenVisitor
from neupusti.access.recording.line import encode
from neupusti.access.recording.spool import Spool
from neupusti.core import clock
from tests.access.conftest import count_rows, entry, rows
from tests.access.test_spool_reader import AT, consistent, fill
from tests.times import Clock

POSTGRESQL = pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
Command = Callable[..., Result]
Told = dict[str, int]


@pytest.fixture
def dead(tmp_path: Path, at: Clock) -> Path:
    """The spool of a machine that is dead, with five lines of this hour."""
    at(AT + timedelta(hours=1))
    folder = tmp_path / "dead" / "access-spool"
    fill(folder, 5)
    return folder


def handed_in(command: Command, folder: Path, *more: str) -> Told:
    """Hand a folder in; return what the command says of its lines."""
    result = command("ingest", "--from", folder, *more)
    assert result.exit_code == 0, result.output
    told = [line.split() for line in result.stdout.splitlines()]
    return {words[0]: int(words[1]) for words in told if words[1].isdigit()}


def told(counted: int, known: int = 0, over: int = 0, malformed: int = 0) -> Told:
    return {"counted": counted, "known": known, "over": over, "malformed": malformed}


def test_it_is_counted_once_and_stays_as_it_is(
    command: Command, engine: Engine, dead: Path
) -> None:
    before = {path.name: path.read_bytes() for path in dead.iterdir()}
    assert handed_in(command, dead, "--dry-run") == told(5)
    assert (consistent(engine), count_rows(engine, Cursor)) == (0, 0)
    assert handed_in(command, dead) == told(5)
    assert handed_in(command, dead) == told(0, known=5)
    assert handed_in(command, dead, "--dry-run") == told(0, known=5)
    assert consistent(engine) == 5
    assert {path.name: path.read_bytes() for path in dead.iterdir()} == before


@pytest.mark.parametrize("moment", ["write", "save_position", "count_events"])
def test_a_stop_at_any_moment_loses_and_doubles_nothing(
    command: Command,
    engine: Engine,
    dead: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    fill(dead, 4)
    monkeypatch.setattr(spool_reader, "BATCH_LINES", 4)
    calls, real = [], getattr(store, moment)

    def stop_later(*arguments: object, **named: object) -> object:
        calls.append(moment)
        if len(calls) == 3:
            raise SystemExit(9)
        return real(*arguments, **named)

    with monkeypatch.context() as broken:
        broken.setattr(store, moment, stop_later)
        assert command("ingest", "--from", dead).exit_code == 9
    stored = consistent(engine)
    assert 0 < stored < 9
    assert handed_in(command, dead) == told(9 - stored, known=stored)
    assert consistent(engine) == 9


@POSTGRESQL
def test_an_older_copy_of_what_its_machine_has_read_adds_nothing(
    command: Command, engine: Engine, enrichment: Enrichment, dead: Path, tmp_path: Path
) -> None:
    alive = fill(dead, 3, closed=False)
    assert spool_reader.ingest(engine, dead, enrichment) == 8
    shutil.copytree(dead, copy := tmp_path / "copy")
    alive.append(encode(entry(clock.now(), path="/last")))
    alive.close()
    assert handed_in(command, copy) == told(0, known=3)
    shutil.copytree(dead, later := tmp_path / "later")
    assert handed_in(command, later) == told(1, known=3)
    assert spool_reader.ingest(engine, dead, enrichment) == 0
    assert handed_in(command, copy) == told(0, known=3)
    assert consistent(engine) == 9


def test_lines_past_their_term_are_not_stored_and_old_ones_are_masked(
    command: Command, engine: Engine, dead: Path
) -> None:
    now = clock.now()
    with closing(Spool(dead)) as spool:
        for days in (91, 40, 1):
            spool.append(encode(entry(now - timedelta(days=days), ip="198.51.100.7")))
    assert handed_in(command, dead) == told(7, over=1)
    assert sorted(row.ip for row in rows(engine) if row.ip.startswith("198")) == [
        "198.51.100.0",
        "198.51.100.7",
    ]
    assert handed_in(command, dead) == told(0, known=8)


@POSTGRESQL
def test_a_visitor_of_a_day_that_was_swept_is_not_counted_again(
    command: Command, engine: Engine, dead: Path, load: Callable[..., None]
) -> None:
    """Somebody had met the other machine on that day too."""
    long_ago = clock.now() - timedelta(days=40)
    load([entry(long_ago)])
    assert command("sweep").exit_code == 0
    assert count_rows(engine, SeenVisitor) == 0
    shutil.rmtree(dead)
    with closing(Spool(dead)) as spool:
        spool.append(encode(entry(long_ago)))
    assert handed_in(command, dead) == told(1)
    with engine.connect() as connection:
        day = "SELECT visitors FROM access_total WHERE unit = 'day'"
        assert connection.exec_driver_sql(day).scalars().all() == [1]


def test_cursors_go_with_the_lines_they_stand_for(
    command: Command, engine: Engine, dead: Path
) -> None:
    handed_in(command, dead)
    with engine.begin() as connection:
        long_ago = clock.now() - timedelta(days=92)
        connection.execute(update(Cursor).values(at=long_ago))
    assert command("sweep").exit_code == 0
    assert count_rows(engine, Cursor) == 0
    assert count_rows(engine, Record) == 5


def refused(command: Command, folder: Path) -> str:
    result = command("ingest", "--from", folder)
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    return result.output.removeprefix("Error: ").strip()


def test_what_is_no_spool_of_a_dead_machine_is_refused(
    command: Command, engine: Engine, dead: Path, spool_folder: Path, tmp_path: Path
) -> None:
    (empty := tmp_path / "empty").mkdir()
    (empty / "other.jsonl").write_text("{}\n")
    assert refused(command, empty) == f"{empty} holds no file of a spool."
    fill(spool_folder, 1)
    assert refused(command, spool_folder).endswith("which reads it itself.")
    odd = dead / "1xa-1.jsonl"
    odd.mkdir()
    assert refused(command, dead) == f"{odd} cannot be read: Is a directory."
    odd.rmdir()
    with closing(fill(dead, 1, closed=False)):
        assert "is alive: a process holds " in refused(command, dead)
    assert command("ingest", "--dry-run").exit_code == 2
    assert count_rows(engine, Record) == 0
