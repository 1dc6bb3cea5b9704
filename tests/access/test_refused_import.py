"""A file that is no log of the given format is refused, and nothing is imported."""

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import Engine, insert, update

from neupusti.access.ingest import reading, store
from neupusti.access.models import Import, Record, Rollup, Total
from tests.access import logs
from tests.access.conftest import NOW, count_rows
from tests.access.test_import import CADDY, END, LINE, NGINX
from tests.conftest import SQLITE

COMMON = LINE.partition(' "https')[0]
OF_FORMAT = {"combined": LINE, "common": COMMON, "json": json.dumps(NGINX)}


@pytest.fixture(autouse=True)
def today(at: Callable[..., None]) -> None:
    at(NOW)


def plain(count: int) -> list[str]:
    """Return different valid lines of a combined log."""
    return [LINE.replace("/a?b=c", f"/page-{at}") for at in range(count)]


def write_lines(log: Path, *lines: str) -> Path:
    """Write terminated lines."""
    log.write_text("".join(f"{line}\n" for line in lines))
    return log


@pytest.mark.parametrize("wrong", ["common", "json"])
def test_a_log_of_another_format_leaves_nothing(
    command: Callable[..., Result], engine: Engine, log: Path, wrong: str
) -> None:
    lines = list(logs.lines(300, END, seed=2))
    log.write_bytes(b"\n".join(lines) + b"\n")
    refused = command("import", log, "--format", wrong)
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert "None of the first 100 lines is of the format" in refused.stderr
    assert f"“{wrong}”. Nothing was imported. They are of “combined”." in refused.stderr
    assert [count_rows(engine, table) for table in (Import, Record, Rollup, Total)] == [
        0
    ] * 4

    assert "imported   29" in command("import", log).output
    assert count_rows(engine, Record) > 290


@SQLITE
@pytest.mark.parametrize("kind", OF_FORMAT)
@pytest.mark.parametrize("named", OF_FORMAT)
def test_only_the_format_of_a_log_reads_it(
    command: Callable[..., Result], engine: Engine, log: Path, kind: str, named: str
) -> None:
    write_lines(log, OF_FORMAT[kind])
    done = command("import", log, "--format", named)
    assert done.exit_code == (kind != named)
    assert count_rows(engine, Record) == count_rows(engine, Import) == (kind == named)


def leave_empty_import(engine: Engine, log: Path) -> None:
    """Leave the row that older versions wrote for a wrong format."""
    content = log.read_bytes()
    with engine.begin() as connection:
        connection.execute(
            insert(Import).values(
                head=sha256(content.splitlines(keepends=True)[0]).hexdigest(),
                position=len(content),
                digest=sha256(content).hexdigest(),
                lines=content.count(b"\n"),
                at=NOW,
            )
        )


@pytest.mark.parametrize("days_later", [0, 120])
def test_a_file_with_an_empty_import_is_imported(
    command: Callable[..., Result],
    engine: Engine,
    log: Path,
    at: Callable[..., None],
    days_later: int,
) -> None:
    write_lines(log, *plain(300))
    leave_empty_import(engine, log)
    at(NOW + timedelta(days=days_later))
    command("sweep")
    again = command("import", log)
    assert "imported   300\nmalformed  0" in again.output
    assert "known" not in again.output
    assert "known      300 lines" in command("import", log).output
    assert count_rows(engine, Record) == 300


def test_a_file_with_an_empty_import_is_imported_beside_another_of_the_same_hours(
    command: Callable[..., Result], engine: Engine, log: Path, tmp_path: Path
) -> None:
    write_lines(log, *plain(300))
    spoilt = write_lines(
        tmp_path / "other", *(line.replace(" 123 ", " 77 ") for line in plain(300))
    )
    command("import", log)
    leave_empty_import(engine, spoilt)
    assert "imported   300" in command("import", spoilt).output
    assert count_rows(engine, Record) == 600


@SQLITE
def test_a_repaired_import_can_be_stopped(
    command: Callable[..., Result],
    engine: Engine,
    log: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_lines(log, *plain(300))
    leave_empty_import(engine, log)
    monkeypatch.setattr(reading, "BATCH_LINES", 150)
    write = store.write
    calls = []

    def stopping(*words: object) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        write(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "write", stopping)
    assert command("import", log).exit_code == 1
    assert count_rows(engine, Record) == 150
    assert "imported   150\nknown      150 lines" in command("import", log).output


def test_a_file_whose_rows_are_destroyed_is_still_known(
    command: Callable[..., Result], engine: Engine, log: Path, at: Callable[..., None]
) -> None:
    write_lines(log, *plain(300))
    command("import", log)
    at(NOW + timedelta(days=120))
    assert command("sweep").exit_code == 0
    assert count_rows(engine, Record) == 0
    assert "imported   0\nknown      300 lines" in command("import", log).output
    assert count_rows(engine, Rollup, Rollup.requests) > 0


@SQLITE
def test_masked_rows_are_known(
    command: Callable[..., Result], engine: Engine, log: Path
) -> None:
    write_lines(log, *plain(300))
    command("import", log)
    with engine.begin() as connection:
        connection.execute(update(Record).values(ip="203.0.113.0", user_agent=None))
    assert "known      300 lines" in command("import", log).output


@SQLITE
def test_what_a_log_grew_by_is_refused_in_another_format(
    command: Callable[..., Result], engine: Engine, log: Path
) -> None:
    write_lines(log, *plain(300))
    command("import", log)
    write_lines(log, *plain(400))
    refused = command("import", log, "--format", "json")
    assert refused.exit_code == 1
    assert count_rows(engine, Record) == 300
    assert "imported   100\nknown      300 lines" in command("import", log).output


@SQLITE
def test_a_known_file_is_not_known_in_another_format(
    command: Callable[..., Result], log: Path
) -> None:
    write_lines(log, *plain(300))
    command("import", log)
    assert command("import", log, "--format", "json").exit_code == 1


@SQLITE
def test_a_log_that_changes_its_format_is_read_in_both(
    command: Callable[..., Result], engine: Engine, log: Path
) -> None:
    write_lines(log, *plain(300))
    command("import", log)
    write_lines(log, *plain(300), json.dumps(CADDY))
    assert command("import", log, "--format", "combined").exit_code == 1
    assert "format     json\nimported   1" in command("import", log).output
    assert count_rows(engine, Record) == 301


@SQLITE
@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], 0),
        (["", "# Version: 1", ""], 0),
        (["\x16\x03\x01"] * 99 + [LINE], 0),
        (["\x16\x03\x01"] * 100 + [LINE], 1),
        (["", "# a comment"] * 100 + [LINE], 0),
        (["\x16\x03\x01", LINE], 0),
        (["\x16\x03\x01"], 1),
    ],
)
def test_junk_before_the_first_request_is_passed_over(
    command: Callable[..., Result], engine: Engine, log: Path, lines: list[str], code: int
) -> None:
    done = command("import", write_lines(log, *lines))
    assert done.exit_code == code, done.output
    assert count_rows(engine, Record) == (LINE in lines and not code)


@SQLITE
def test_a_log_in_another_encoding_is_refused_if_it_is_no_text(
    command: Callable[..., Result], engine: Engine, log: Path
) -> None:
    log.write_bytes((LINE + "\n").encode("utf-16"))
    assert command("import", log).exit_code == 1
    log.write_bytes(LINE.replace("/a", "/чай").encode("cp1251") + b"\n")
    assert "imported   1" in command("import", log).output
    assert count_rows(engine, Import) == 1
