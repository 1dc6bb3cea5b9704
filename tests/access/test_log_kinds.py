"""Logs as other servers write and pack them: recognised, or refused in one sentence."""

import bz2
import gzip
import io
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine

from neupusti.access.models import Import, Record, Rollup, Total
from tests.access.conftest import NOW, count_rows, rows
from tests.access.test_import import CADDY, LINE, NGINX
from tests.access.test_refused_import import plain, write_lines
from tests.conftest import SQLITE

V6 = LINE.replace("203.0.113.7", "[2001:db8::1]")
MILLISECONDS = LINE.replace("10:00:00 +0500", "10:00:00.25 +0500")
PREFIXES = (
    "<134>Nov  2 10:00:00 web1 nginx: ",
    "Nov 22 10:00:00 web-1.example.kz nginx[812]: ",
    "2026-11-22T10:00:00.123456+05:00 web1 nginx: ",
    "<134>1 2026-11-22T10:00:00Z web1 nginx 812 access - ",
    '<134>1 2026-11-22T10:00:00Z web1 nginx 812 access [origin ip="198.51.100.1"] ',
)
ZSTANDARD = bytes.fromhex("28b52ffd2058c10200") + bytes(range(256))
PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 3
FOREIGN = {
    "a picture": PICTURE,
    "a zstd archive": ZSTANDARD,
    "a file of zeros": bytes(1000),
    "IIS": b"#Software: Microsoft Internet Information Services 10.0\r\n"
    b"#Fields: date time s-ip cs-method cs-uri-stem c-ip sc-status\r\n"
    b"2026-11-22 05:00:00 198.51.100.1 GET /a 203.0.113.7 200\r\n",
    "a load balancer": b"https 2026-11-22T05:00:00.186641Z app/shop/50dc 203.0.113.7:2817 "
    b'10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://neupusti.kz:443/ HTTP/1.1" '
    b'"curl/8.5.0" - -\n',
    "CloudFront": b"#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip\n"
    b"2026-11-22\t05:00:00\tFRA2\t2390\t203.0.113.7\tGET\td1.example.kz\t/a\t200\n",
    "errors of Apache": b"[Sun Nov 22 10:00:00.250000 2026] [core:error] [pid 8:tid 9] "
    b"[client 203.0.113.7:41444] AH00037: Symbolic link not allowed: /srv/a\n",
    "prose": "Список покупок: чайник, чашки.\n".encode(),
}


@pytest.fixture(autouse=True)
def today(at: Callable[..., None]) -> None:
    at(NOW)


@SQLITE
@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("combined", [LINE]),
        ("combined", [f"neupusti.kz:443 {LINE}"]),
        ("combined", [f"neupusti.kz {LINE}"]),
        ("combined", [f"\ufeff{LINE}", LINE]),
        ("common", [LINE.partition(' "https')[0]]),
        ("json", [json.dumps(NGINX), json.dumps(CADDY)]),
        ("json", [f"{prefix}{json.dumps(NGINX)}" for prefix in PREFIXES]),
        *(("combined", [f"{prefix}{LINE}"]) for prefix in PREFIXES),
        ("combined", ["junk", LINE, *plain(3), json.dumps(NGINX)]),
    ],
)
def test_the_format_is_recognised_and_said(
    command: Callable[..., Result], engine: Engine, log: Path, kind: str, lines: list[str]
) -> None:
    done = command("import", write_lines(log, *lines))
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"format     {kind}\n")
    good = [line for line in lines if line != "junk"]
    kept = len(good) - (kind == "combined" and len(good) > 3)
    assert f"imported   {kept}\n" in done.output
    assert {row.ip for row in rows(engine)} == {"203.0.113.7"}


@SQLITE
def test_brackets_and_milliseconds_are_read(
    command: Callable[..., Result], engine: Engine, log: Path
) -> None:
    command("import", write_lines(log, V6, MILLISECONDS))
    found = [(row.ip, row.at.microsecond) for row in rows(engine)]
    assert sorted(found) == [("2001:db8::1", 0), ("203.0.113.7", 250_000)]


@SQLITE
@pytest.mark.parametrize("pack", [gzip, bz2, lzma], ids=["gz", "bz2", "xz"])
def test_a_packed_log_is_resumed_after_a_damage(
    command: Callable[..., Result],
    engine: Engine,
    log: Path,
    pack: ModuleType,
) -> None:
    """The text is packed in several streams, as a log is that was rotated into one file."""
    text = [f"{line}\n".encode() for line in plain(4000)]
    whole = b"".join(
        pack.compress(b"".join(text[at : at + 500])) for at in range(0, 4000, 500)
    )
    log.write_bytes(whole[: len(whole) * 2 // 3])
    damaged = command("import", log)
    assert damaged.exit_code == 1
    assert "ends too early" in damaged.stderr
    there = count_rows(engine, Record)
    assert 1000 < there < 4000
    log.write_bytes(whole)
    assert f"known      {there} lines" in command("import", log).output
    assert sorted(row.path for row in rows(engine)) == sorted(
        f"/page-{at}" for at in range(4000)
    )


@SQLITE
@pytest.mark.parametrize("what", FOREIGN)
@pytest.mark.parametrize("option", [(), ("--format", "combined"), ("--dry-run",)])
def test_what_is_no_log_is_refused_in_one_sentence(
    command: Callable[..., Result],
    engine: Engine,
    log: Path,
    what: str,
    option: tuple[str, ...],
) -> None:
    log.write_bytes(FOREIGN[what])
    refused = command("import", log, *option)
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert "Nothing was imported." in refused.stderr
    assert "vhost_combined" in refused.stderr
    assert [count_rows(engine, table) for table in (Import, Record, Rollup, Total)] == [
        0
    ] * 4


@SQLITE
def test_a_dry_run_counts_and_writes_nothing(
    command: Callable[..., Result], engine: Engine, log: Path
) -> None:
    write_lines(log, *plain(5), "junk")
    output = command("import", log, "--dry-run").output
    assert "imported   5\nmalformed  1" in output
    assert output.endswith("Nothing was written.\n")
    assert [count_rows(engine, table) for table in (Import, Record, Rollup, Total)] == [
        0
    ] * 4
    command("import", log)
    assert "known      6 lines" in command("import", log, "--dry-run").output


@SQLITE
def test_standard_input_is_known_by_its_content(
    app: Flask, command: Callable[..., Result], engine: Engine, log: Path
) -> None:
    write_lines(log, *plain(3))
    read = app.test_cli_runner().invoke(
        args=["access", "import", "-"], input=io.BytesIO(log.read_bytes())
    )
    assert read.exit_code == 0, read.output
    assert "imported   3" in read.output
    assert "known      3 lines" in command("import", log).output
    assert count_rows(engine, Record) == 3
    assert not list(Path(app.instance_path).glob("tmp*"))


@SQLITE
def test_an_import_is_forgotten_by_its_number(
    command: Callable[..., Result], engine: Engine, log: Path
) -> None:
    command("import", write_lines(log, *plain(3)))
    (listed,) = command("imports").output.splitlines()
    number = listed.split()[0]
    assert "3 lines" in listed
    assert command("forget-import", number).exit_code == 0
    assert command("imports").output == ""
    unknown = command("forget-import", number)
    assert unknown.exit_code == 1
    assert number in unknown.stderr
    assert count_rows(engine, Record) == 3
    assert "imported   3" in command("import", log).output
