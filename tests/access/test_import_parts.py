"""A log that is imported in parts, or in another process, is counted as a whole."""

import os
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from multiprocessing import active_children
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import Engine, func, select

from neupusti.access.ingest import reading, store
from neupusti.access.ingest.ahead import ahead
from neupusti.access.ingest.logformats import Format, parser
from neupusti.access.models import Record, Rollup, Total
from tests.access import logs
from tests.access.conftest import NOW, count_rows, rows
from tests.access.test_scanners import counts, empty
from tests.conftest import SQLITE
from tests.times import Clock

OLD = NOW - timedelta(days=40)
"""A sweep masks what is older than 30 days."""


@pytest.fixture(autouse=True)
def today(at: Clock) -> None:
    at(NOW)


@pytest.fixture
def lines() -> list[bytes]:
    """An old day, most of whose visitors come more than once."""
    generated = logs.lines(400, OLD, days=1)
    return [line + b"\n" for line in generated if line not in logs.MALFORMED]


def visits(lines: list[bytes]) -> set[tuple[str, int, str, str]]:
    """Return day, hour, address and user agent of every visitor of a log."""
    texts = [line.decode("utf-8", "backslashreplace").rstrip() for line in lines]
    entries, _ = reading.parse_lines(texts, parser(Format.COMBINED))
    return {
        (entry.day, entry.at // 3_600_000, entry.ip, entry.user_agent)
        for entry in entries
        if not 400 <= entry.status < 500
    }


def visitors(engine: Engine, unit: str) -> int:
    """Return the visitors of all days, or of all hours."""
    number = select(func.sum(Total.visitors)).where(Total.unit == unit)  # type: ignore[attr-defined]
    with engine.connect() as connection:
        return int(connection.execute(number).scalar_one())


def assert_counted_once(engine: Engine, lines: list[bytes]) -> None:
    """Compare the visitors with those of the log as a whole."""
    seen = visits(lines)
    assert visitors(engine, "hour") == len(seen)
    assert visitors(engine, "day") == len({(day, ip, who) for day, _, ip, who in seen})
    assert count_rows(engine, Record) == len(lines)


@pytest.mark.parametrize("cut", [40, 200])
def test_a_log_that_grew_after_a_sweep_counts_its_visitors_once(
    command: Callable[..., Result], engine: Engine, log: Path, lines: list[bytes], cut: int
) -> None:
    log.write_bytes(b"".join(lines[:cut]))
    command("import", log)
    assert command("sweep").exit_code == 0
    log.write_bytes(b"".join(lines))
    command("import", log)
    assert_counted_once(engine, lines)


def test_an_import_killed_before_a_sweep_counts_its_visitors_once(
    command: Callable[..., Result],
    engine: Engine,
    log: Path,
    lines: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log.write_bytes(b"".join(lines))
    monkeypatch.setattr(reading, "BATCH_LINES", 150)
    written, calls = store.write, []

    def stopping(*words: object) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        written(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "write", stopping)
    assert command("import", log).exit_code != 0
    assert 0 < count_rows(engine, Record) < len(lines)
    command("sweep")
    command("import", log)
    assert_counted_once(engine, lines)


def test_a_log_of_two_files_with_a_sweep_between_them_counts_its_visitors_once(
    command: Callable[..., Result], engine: Engine, tmp_path: Path
) -> None:
    people = [
        f"192.0.{ip}.1 - - [{OLD:%d/%b/%Y:%H:%M}:%02d +0000] "
        f'"GET /{ip} HTTP/1.1" 200 1 "-" "{agent}"\n'
        for ip in range(1, 20)
        for agent in logs.PEOPLE[:2]
    ]
    lines = [(text % number).encode() for number in (1, 2) for text in people]
    for name, part in (("a", lines[:30]), ("b", lines[30:])):
        (tmp_path / name).write_bytes(b"".join(part))
        command("import", tmp_path / name)
        command("sweep")
    assert_counted_once(engine, lines)


def test_a_log_that_two_processes_read_is_counted_as_by_one(
    command: Callable[..., Result],
    engine: Engine,
    log: Path,
    lines: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "BATCH_LINES", 150)
    monkeypatch.setattr(reading, "PART_LINES", 40)
    monkeypatch.setattr(reading, "PART_VISITS", 9)
    log.write_bytes(b"".join(lines) + b"unterminated")
    output = command("import", log).output
    assert f"imported   {len(lines)}\n" in output
    assert "waiting    1 unterminated line" in output
    assert_counted_once(engine, lines)
    assert active_children() == []


def test_visits_that_are_sent_apart_count_as_together(
    command: Callable[..., Result],
    engine: Engine,
    log: Path,
    lines: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log.write_bytes(b"".join(lines))
    command("import", log)
    together = counts(engine)
    empty(engine)
    command("forget-import", "1")
    monkeypatch.setattr(reading, "PART_VISITS", 7)
    command("import", log)
    assert counts(engine) == together


def test_a_day_that_begins_in_the_last_part_is_counted(
    command: Callable[..., Result],
    engine: Engine,
    log: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "PART_LINES", 20)
    monkeypatch.setattr(reading, "PART_VISITS", 7)
    lines = [
        f"203.0.113.{ip} - - [{OLD + day:%d/%b/%Y:%H:%M:%S} +0000] "
        f'"GET / HTTP/1.1" 200 1 "-" "{logs.PEOPLE[0]}"\n'.encode()
        for day, last in ((timedelta(), 21), (timedelta(days=1), 10))
        for ip in range(1, last)
    ]
    log.write_bytes(b"".join(lines))
    command("import", log)
    assert_counted_once(engine, lines)


def killed() -> Iterator[int]:
    """Yield a number, and kill the process that reads on."""
    yield 1
    os.kill(os.getpid(), signal.SIGKILL)


def failing() -> Iterator[int]:
    """Yield a number, and fail."""
    yield 1
    raise OSError(5, "Input/output error")


def test_what_happens_to_the_other_process_is_said() -> None:
    with pytest.raises(ChildProcessError, match="was killed"):
        list(ahead(killed()))
    with pytest.raises(OSError, match="Input/output"):
        list(ahead(failing()))


def test_the_other_process_ends_when_nobody_reads_on() -> None:
    numbers = ahead(iter(range(10**9)))
    assert next(numbers) == 0
    del numbers
    assert active_children() == []


@SQLITE
def test_static_files_are_no_pages(
    command: Callable[..., Result], engine: Engine, log: Path
) -> None:
    first, second = (
        f'203.0.113.7 - - [{NOW:%d/%b/%Y:%H:%M}:{at} +0000] "GET {path} HTTP/1.1" '
        f'200 1 "-" "{logs.PEOPLE[0]}"\n'
        for at, path in (("01", "/catalog/"), ("02", "/a/Style.CSS?v=1"))
    )
    log.write_text(first + second)
    command("import", log)
    with engine.connect() as connection:
        found = connection.execute(
            select(Rollup.dimension, Rollup.value, Rollup.requests).where(
                Rollup.dimension.in_(("path", "static", "entry"))
            )
        )
        assert {tuple(row) for row in found} == {
            ("path", "/catalog/", 1),
            ("static", "/a/Style.CSS", 1),
            ("entry", "/catalog/", 1),
        }
        assert connection.execute(select(func.max(Total.views))).scalar() == 1  # type: ignore[attr-defined]
    assert [row.route for row in rows(engine)] == ["", "(static)"]


@SQLITE
@pytest.mark.parametrize("host", ["example.kz", "WWW.Example.kz"])
def test_the_host_of_a_log_is_no_other_site(
    command: Callable[..., Result], engine: Engine, log: Path, host: str
) -> None:
    log.write_text(
        f"203.0.113.7 - - [{NOW:%d/%b/%Y:%H:%M}:01 +0000] "
        '"GET / HTTP/1.1" 200 1 "https://www.example.kz/a" "Mozilla/5.0 (X11)"\n'
    )
    command("import", log, "--host", host)
    assert [row.source for row in rows(engine)] == ["own"]
