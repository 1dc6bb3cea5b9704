import csv
import io
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import Result
from flask.testing import FlaskClient
from sqlalchemy import Engine

from neupusti.access.recording.line import clean
from tests.access import logs
from tests.access.conftest import csrf_token, entry
from tests.conftest import SQLITE
from tests.statistics.test_pages import PAGES
from tests.times import Clock

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today(at: Clock) -> None:
    at(NOW)


class PageParser(HTMLParser):
    """Collects the elements that a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.hosts: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            assert not name.startswith("on"), name
            if (
                name in {"href", "src", "action"}
                and value
                and ":" in value.partition("?")[0]
            ):
                self.hosts.add(value)


HOSTILE = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)",
    "=cmd|' /C calc'!A0", "+1+1", "-1", "@SUM(1)", "\tx", "\rx", "{{7*7}}", "%s%n",
    "' OR 1=1 --", "\u202eevil", "a" * 600, "\x1b[31m", "\N{GRINNING FACE}",
]  # fmt: skip


@SQLITE
def test_nothing_hostile_reaches_a_page_or_a_csv_file(
    staff: FlaskClient, load: Callable[..., None]
) -> None:
    dice = random.Random(11)

    def junk() -> str:
        return "".join(dice.choice(HOSTILE) for _ in range(dice.randrange(1, 3)))[:300]

    load(
        entry(
            NOW - timedelta(minutes=number),
            path=clean(("/" + junk())[:512] if number % 3 else junk()),
            user_agent=clean(junk()),
            referrer=clean(f"https://{number}.example/{junk()}" if number % 2 else junk()),
            status=dice.choice((200, 404, 500)),
            method=clean(junk())[:10],
            route=clean(junk()),
        )
        for number in range(300)
    )
    for path in (*PAGES, "/admin/access/list/referrer/", "/admin/access/list/missing/"):
        text = staff.get(f"/en{path}?period=30d").text
        seen = PageParser()
        seen.feed(text)
        assert "script" not in seen.tags
        assert all(host.startswith(("http://127.0.0.1", "mailto:")) for host in seen.hosts)
        assert "\x1b" not in text
    for dimension in ("path", "referrer", "missing", "method"):
        text = staff.get(f"/admin/access/list/{dimension}.csv").get_data(as_text=True)
        for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))):
            assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r"))
    page = staff.get("/en/admin/access/log/").text
    data = {"csrf_token": csrf_token(page), "reason": "looking at the attack"}
    log = staff.post("/en/admin/access/log/", data=data).text
    assert log.count("\n") == 300
    assert "\x1b" not in log
    assert "\t" not in log


@SQLITE
@pytest.mark.ordeal(3_000, 30_000)
def test_odd_lines_of_a_log_are_read_or_counted(
    staff: FlaskClient,
    command: Callable[..., Result],
    engine: Engine,
    tmp_path: Path,
    size: int,
) -> None:
    dice = random.Random(13)
    pieces = [
        *(text.encode() for text in HOSTILE),
        b"\x00",
        b"\xff\xfe",
        b'\\"',
        b'"',
        b" ",
    ]
    odd = []
    for line in logs.lines(size, NOW, seed=17, days=1):
        spoilt = line
        for _ in range(dice.randrange(3)):
            at = dice.randrange(len(spoilt) + 1)
            spoilt = spoilt[:at] + dice.choice(pieces) + spoilt[at + dice.randrange(4) :]
        odd.append(spoilt.replace(b"\n", b" "))
    log = tmp_path / "odd.log"
    log.write_bytes(b"\n".join(odd) + b"\n")

    done = command("import", log)
    assert done.exit_code == 0, done.output
    figures = re.findall(r"(?:imported|malformed) +(\d+)", done.output)
    passed_over = sum(1 for line in odd if not line or line.startswith(b"#"))
    assert sum(map(int, figures)) == len(odd) - passed_over
    assert int(figures[0]) > size / 4
    for path in ("/en/admin/access/", "/en/admin/access/problems/"):
        seen = PageParser()
        seen.feed(staff.get(path).text)
        assert "script" not in seen.tags
    with engine.connect() as connection:
        values = connection.exec_driver_sql("SELECT value FROM access_rollup").scalars()
        assert all(value.isprintable() or value.count("\t") for value in values)
