import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from neupusti.access.ingest import logfields, reading, store
from neupusti.access.ingest.logfields import MalformedError
from neupusti.access.ingest.logformats import Format, parser
from neupusti.access.models import Record, Rollup, moment
from neupusti.access.recording.line import Entry, clean
from neupusti.statistics.views import combined
from tests.access import logs
from tests.access.conftest import count_rows, rows
from tests.conftest import SQLITE

END = datetime(2026, 11, 22, 6, tzinfo=UTC)
LINE = (
    '203.0.113.7 - - [22/Nov/2026:10:00:00 +0500] "GET /a?b=c HTTP/1.1" 200 123 '
    '"https://t.me/x?y=z" "Mozilla/5.0 (X11)"'
)
NGINX = {
    "time_iso8601": "2026-11-22T10:00:00+05:00",
    "remote_addr": "203.0.113.7",
    "request": "GET /a?b=c HTTP/1.1",
    "status": "200",
    "body_bytes_sent": "123",
    "http_referer": "https://t.me/x?y=z",
    "http_user_agent": "Mozilla/5.0 (X11)",
    "request_time": "0.012",
}
CADDY = {
    "ts": 1795323600.0,
    "status": 200,
    "size": 123,
    "duration": 0.012,
    "request": {
        "client_ip": "203.0.113.7",
        "method": "GET",
        "uri": "/a?b=c",
        "headers": {"Referer": ["https://t.me/x?y=z"], "User-Agent": ["Mozilla/5.0 (X11)"]},
    },
}
PLAIN = Entry(
    at=1795323600000,
    ip="203.0.113.7",
    method="GET",
    path="/a",
    status=200,
    bytes=123,
    referrer="https://t.me/x",
    user_agent="Mozilla/5.0 (X11)",
)


@pytest.mark.parametrize(
    ("kind", "line", "duration"),
    [
        ("combined", LINE, None),
        ("json", json.dumps(NGINX), 12_000),
        ("json", json.dumps(CADDY), 12_000),
    ],
)
def test_a_line_of_each_format_is_read(kind: str, line: str, duration: int | None) -> None:
    found = parser(Format(kind))(line)
    assert found.duration_us == duration
    found.duration_us = None
    assert found == PLAIN


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/%D1%87%D0%B0%D0%B9?q=%20", "/чай"),
        ("/two%20words%22", '/two words"'),
        ("/%ff%00", "/\ufffd\ufffd"),
        ("/100%", "/100%"),
        ("/a%3Fb", "/a?b"),
    ],
)
def test_a_path_is_kept_as_the_live_log_keeps_it(target: str, path: str) -> None:
    found = parser(Format.COMBINED)(LINE.replace("/a?b=c", target))
    assert found.path == path


@given(path=st.text(max_size=60).map(lambda text: "/" + clean(text)))
def test_a_line_that_was_exported_is_imported_as_it_was(path: str) -> None:
    row = Record(
        at=moment(PLAIN.at), ip=PLAIN.ip, method="GET", path=path, status=200, bytes=123,
        referrer=PLAIN.referrer, user_agent=PLAIN.user_agent,
    )  # fmt: skip
    found = parser(Format.COMBINED)(combined.format_line(row, whole=True).rstrip("\n"))
    assert found == replace(PLAIN, path=path)


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("combined", LINE.replace("22/Nov/2026", "01/Jan/0001")),
        ("combined", LINE.replace("22/Nov/2026", "31/Dec/9999").replace("+05", "-05")),
        ("json", json.dumps({**CADDY, "ts": 1e20})),
        ("json", json.dumps({**CADDY, "ts": -1e14})),
        ("json", json.dumps({**CADDY, "ts": True})),
        ("json", json.dumps({**NGINX, "time_iso8601": "0001-01-01T00:00:00+00:00"})),
    ],
)
def test_a_moment_no_calendar_knows_is_malformed(kind: str, line: str) -> None:
    with pytest.raises(MalformedError, match="no moment"):
        parser(Format(kind))(line)


@pytest.mark.parametrize("line", ["Nov 1" + " " * 60_000, LINE[:20] + "[" * 60_000])
def test_a_long_odd_line_is_refused_in_linear_time(line: str) -> None:
    # In quadratic time this test would take minutes.
    with pytest.raises(MalformedError):
        parser(Format.COMBINED)(line)


def test_a_common_line_has_no_browser() -> None:
    found = parser(Format.COMMON)(LINE.partition(' "https')[0])
    assert (found.path, found.referrer, found.user_agent) == ("/a", "", "")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("203.0.113.7", "localhost"), "no address"),
        (("203.0.113.7", "999.1.1.1"), "no address"),
        (("Nov", "Now"), "no moment"),
        (("22/", "32/"), "no moment"),
        (("10:00:00", "25:00:00"), "no moment"),
        (('" 200', '" 999'), "no status"),
        (('" 200', '" abc'), "no status"),
        ((' "https://t.me/x?y=z" "Mozilla/5.0 (X11)"', ""), "cut short"),
        (('"GET', "GET"), "not a line of this format"),
    ],
)
def test_a_malformed_line_says_why(change: tuple[str, str], reason: str) -> None:
    with pytest.raises(MalformedError, match=reason):
        parser(Format.COMBINED)(LINE.replace(*change))


@given(
    kind=st.sampled_from(Format),
    text=st.one_of(
        st.text(max_size=80),
        st.builds(
            lambda at, junk: LINE[:at] + junk + LINE[at:],
            st.integers(0, len(LINE)),
            st.text(max_size=5),
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: st.dictionaries(
                st.sampled_from([*NGINX, "request", "ts", "status"]), inner
            ),
            max_leaves=8,
        ).map(json.dumps),
    ),
)
def test_any_line_is_read_or_refused(kind: Format, text: str) -> None:
    try:
        found = parser(kind)(text)
    except MalformedError:
        return
    assert 100 <= found.status < 600
    assert len(found.path) <= 512
    assert len(found.method) <= 10


@SQLITE
def test_the_same_file_adds_nothing_under_any_name(
    command: Callable[..., Result], engine: Engine, tmp_path: Path
) -> None:
    first = tmp_path / "access.log"
    first.write_bytes(b"\n".join(logs.lines(300, END, seed=2)) + b"\n")
    assert "imported   29" in command("import", first).output
    count = len(rows(engine))

    again = tmp_path / "access.log.1.gz"
    again.write_bytes(gzip.compress(first.read_bytes()))
    output = command("import", again, "--progress").output
    assert "imported   0" in output
    assert "known      300 lines" in output
    assert len(rows(engine)) == count


@SQLITE
@pytest.mark.parametrize("first", [1, 40])
def test_a_short_log_that_has_grown_a_lot_adds_only_its_new_lines(
    command: Callable[..., Result], engine: Engine, log: Path, first: int
) -> None:
    lines = [line + b"\n" for line in logs.lines(120, END) if line not in logs.MALFORMED]
    log.write_bytes(b"# a comment\n" * 9 + b"".join(lines[:first]))
    command("import", log)
    log.write_bytes(log.read_bytes() + b"".join(lines[first:]))
    command("import", log)
    assert len(rows(engine)) == len(lines)


def test_a_log_that_has_grown_adds_only_its_new_lines(
    command: Callable[..., Result], engine: Engine, tmp_path: Path
) -> None:
    all_of_it = [line for line in logs.lines(300, END) if line.endswith(b'"')]
    log = tmp_path / "access.log"
    log.write_bytes(b"\n".join(all_of_it[:100]) + b"\n")
    command("import", log)
    before = len(rows(engine))
    log.write_bytes(b"\n".join(all_of_it) + b"\n")
    command("import", log)
    grown = len(rows(engine))

    other = tmp_path / "other.log"
    other.write_bytes(b"\n".join([all_of_it[0], *all_of_it[200:]]) + b"\n")
    command("import", other)
    assert before < grown < len(rows(engine))


@SQLITE
def test_an_import_that_was_stopped_goes_on(
    command: Callable[..., Result],
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = tmp_path / "access.log"
    log.write_bytes((LINE + "\n").encode() * 10)
    monkeypatch.setattr(reading, "BATCH_LINES", 4)
    written = store.write
    calls = []

    def stopping(*words: object) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        written(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "write", stopping)
    assert command("import", log).exit_code != 0
    assert len(rows(engine)) == 4
    assert command("import", log).exit_code == 0
    assert len(rows(engine)) == 10


@SQLITE
def test_malformed_lines_are_counted_by_reason(
    command: Callable[..., Result], engine: Engine, tmp_path: Path
) -> None:
    log = tmp_path / "access.log"
    broken = LINE.replace("203.0.113.7", "nobody")
    log.write_text(f"{LINE}\n{broken}\n{broken}\n\n# comment\nx\n{LINE}\n")
    output = command("import", log).output
    assert "imported   2\nmalformed  3\n  2  no address\n  1  not a line" in output
    assert count_rows(engine, Rollup, Rollup.requests) > 0
    assert command("report", "--from", "2026-11-22", "--to", "2026-11-22").exit_code == 0


@SQLITE
def test_a_gz_that_is_torn_is_read_as_far_as_it_goes(
    command: Callable[..., Result], engine: Engine, tmp_path: Path
) -> None:
    log = tmp_path / "access.log.gz"
    whole = gzip.compress(b"\n".join(logs.lines(5000, END)) + b"\n")
    log.write_bytes(whole[: len(whole) // 2])
    assert command("import", log).exit_code == 1
    assert 1000 < len(rows(engine)) < 5000


@SQLITE
def test_tokens_in_an_imported_log_are_hidden(
    app: Flask, command: Callable[..., Result], engine: Engine, tmp_path: Path
) -> None:
    app.add_url_rule("/account/confirm/<token>", "confirm", lambda token: token)
    log = tmp_path / "access.log"
    log.write_text(LINE.replace("/a?b=c", "/account/confirm/s3cr3t") + "\n")
    command("import", log)
    assert [row.path for row in rows(engine)] == ["/account/confirm/«…»"]


def test_a_moment_is_read_in_its_own_zone() -> None:
    assert logfields.parse_timestamp("22/Nov/2026:10:00:00 +0500") == 1795323600000
    assert logfields.parse_timestamp("22/Nov/2026:05:00:00 +0000") == 1795323600000
