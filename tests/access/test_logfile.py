"""Log files that grow, are rotated, are truncated, or are no regular files."""

import bz2
import gzip
import json
import lzma
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine

from neupusti.access.ingest import logfile, reading
from neupusti.access.models import Import, Record
from tests.access import logs
from tests.access.conftest import NOW, count_rows, rows
from tests.access.test_import import END, LINE
from tests.access.test_refused_import import plain, write_lines
from tests.conftest import SQLITE

DAYS = ("--from", "2026-11-14", "--to", "2026-11-22", "--json")


@pytest.fixture(autouse=True)
def today(at: Callable[..., None]) -> None:
    at(NOW)


@SQLITE
def test_a_line_without_its_end_waits(
    command: Callable[..., Result], engine: Engine, log: Path
) -> None:
    whole = "".join(f"{line}\n" for line in plain(3))
    for cut in (20, len(whole) - 30, len(whole) - 1):
        log.write_text(whole[:cut])
        output = command("import", log).output
        assert "malformed  0" in output
        assert "waiting    1 unterminated line" in output
    log.write_text(whole)
    assert "waiting" not in command("import", log).output
    assert [row.path for row in rows(engine)] == ["/page-0", "/page-1", "/page-2"]
    assert rows(engine)[2].user_agent == "Mozilla/5.0 (X11)"


@SQLITE
def test_a_log_that_is_rotated_meanwhile_is_read_as_one(
    command: Callable[..., Result],
    engine: Engine,
    log: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The log is rotated right after it was opened: a second look would find another."""
    write_lines(log, *plain(3))
    opened = Path.open

    def rotating(path: Path, mode: str = "r", **words: Any) -> Any:
        file = opened(path, mode, **words)
        if path == log and not log.with_suffix(".1").exists():
            log.rename(log.with_suffix(".1"))
            write_lines(log, *reversed(plain(9)))
        return file

    monkeypatch.setattr(Path, "open", rotating)
    assert "imported   3" in command("import", log).output
    monkeypatch.undo()
    assert "known      3 lines" in command("import", log.with_suffix(".1")).output


@SQLITE
@pytest.mark.parametrize("left", [1, 5, 2000, 0.5, -1])
def test_a_truncated_gzip_log_is_resumed_when_it_is_complete(
    command: Callable[..., Result], engine: Engine, tmp_path: Path, left: float
) -> None:
    lines = [line for line in logs.lines(3000, END) if line.endswith(b'"')]
    whole = gzip.compress(b"".join(line + b"\n" for line in lines))
    log = tmp_path / "access.log.gz"
    log.write_bytes(whole[: int(left * len(whole) if left == 0.5 else left)])
    partial = command("import", log)
    if left != 1:
        assert "ends too early" in partial.stderr
    assert partial.exit_code == (left != 1), partial.output
    log.write_bytes(whole)
    assert command("import", log).exit_code == 0
    report = json.loads(command("report", *DAYS).stdout)
    assert report["requests"] == count_rows(engine, Record)
    assert report["malformed"].get("cut short", 0) == 0


@SQLITE
@pytest.mark.parametrize("pack", [gzip, bz2, lzma], ids=["gz", "bz2", "xz"])
def test_nothing_of_a_damaged_archive_is_read_so_its_good_copy_adds_all(
    command: Callable[..., Result], engine: Engine, log: Path, pack: ModuleType
) -> None:
    whole = pack.compress(b"".join(f"{line}\n".encode() for line in plain(3000)))
    middle = len(whole) // 2
    log.write_bytes(whole[:middle] + bytes(64) + whole[middle + 64 :])
    for option in ((), ("--dry-run",)):
        done = command("import", log, *option)
        assert (done.exit_code, done.stdout) == (1, "")
        assert "The archive is damaged. Nothing was imported." in done.stderr
    assert count_rows(engine, Record) == count_rows(engine, Import) == 0
    log.write_bytes(whole)
    assert "imported   3000\nmalformed  0" in command("import", log).output
    assert count_rows(engine, Record) == 3000


@SQLITE
@pytest.mark.parametrize(
    ("text", "counted"),
    [
        (f"{LINE}\r\n{LINE}\r\n", "2\nmalformed  0"),
        (LINE.replace("/a?b=c", "/\0") + "\n", ""),
        (LINE + "\n" + LINE.replace("/a?b=c", "/\0") + "\n\0\0\n", "2\nmalformed  1"),
        (f"{LINE}\n{'x' * 1_000_000}\n{LINE}\n", "2\nmalformed  1"),
        (LINE.replace("/a?b=c", "/" + "x" * 1_000_000) + f"\n{LINE}\n", "1\nmalformed  1"),
        ("x" * 1_000_000, ""),
        ("x" * 1_000_000 + f"\n{LINE}\n", "1\nmalformed  1"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gz"])
def test_an_odd_line_costs_itself_alone(
    command: Callable[..., Result],
    log: Path,
    text: str,
    counted: str,
    pack: Callable[[bytes], bytes],
) -> None:
    log.write_bytes(pack(text.encode()))
    done = command("import", log)
    if counted:
        assert done.exit_code == 0
        assert f"imported   {counted}" in done.output
    else:
        assert done.exit_code == 1
        assert "Nothing was imported." in done.stderr


@SQLITE
def test_a_long_line_that_straddles_two_parts_counts_once(
    command: Callable[..., Result], log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PART_LINES", 2)
    log.write_text(f"{LINE}\n{'x' * 5 * logfile.LINE_BYTES}\n{LINE}\n")
    assert "imported   2\nmalformed  1" in command("import", log).output


@SQLITE
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gz"])
def test_a_long_line_that_has_grown_counts_once(
    command: Callable[..., Result], log: Path, pack: Callable[[bytes], bytes]
) -> None:
    begun = f"{LINE}\n{'x' * 2 * logfile.LINE_BYTES}"
    log.write_bytes(pack(begun.encode()))
    assert "imported   1\nmalformed  1" in command("import", log).output
    log.write_bytes(pack(f"{begun}xx\n{LINE}\n".encode()))
    output = command("import", log).output
    assert "imported   1\n" in output
    assert "malformed  0" in output


@SQLITE
@pytest.mark.parametrize("whole", [b"", gzip.compress(b"", mtime=0), bz2.compress(b"")])
def test_an_empty_log_is_no_error(
    command: Callable[..., Result], log: Path, whole: bytes
) -> None:
    log.write_bytes(whole)
    done = command("import", log)
    assert (done.exit_code, "imported   0" in done.output) == (0, True)


@SQLITE
def test_what_cannot_be_read_twice_is_no_log(
    command: Callable[..., Result], engine: Engine, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "nowhere"):
        done = command("import", path)
        assert done.exit_code == 2
        assert path.name in done.stderr
    assert count_rows(engine, Import) == 0


@SQLITE
def test_a_disk_that_fails_is_reported(
    command: Callable[..., Result],
    engine: Engine,
    log: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(*_words: object, **_named: object) -> object:
        raise PermissionError(13, "Permission denied", str(log))

    write_lines(log, LINE)
    monkeypatch.setattr(Path, "open", failing)
    done = command("import", log)
    assert done.exit_code == 1
    assert "Permission denied" in done.stderr
    assert count_rows(engine, Import) == 0
