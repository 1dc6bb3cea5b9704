"""Requests of random junk, from the socket's bytes to the pages."""

import csv
import io
import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import run_wsgi_app

from neupusti.access.ingest import spool_reader
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.ingest.logformats import Format, parser
from neupusti.access.models import Record, Rollup
from neupusti.access.recording.recorder import Recorder, SecretPaths
from neupusti.access.recording.spool import Spool
from neupusti.access.recording.visitors import Visitors
from neupusti.core.feature import CONSENT_LIFETIME as LIFETIME
from neupusti.core.feature import Category
from neupusti.core.web.choice import KEY, Choice, ChoiceState
from neupusti.core.web.edge import Edge
from neupusti.statistics.queries.filters import Dimension
from tests.access.conftest import count_rows, csrf_token
from tests.access.junk import requests
from tests.conftest import SQLITE
from tests.lending import SECRET
from tests.times import Clock

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
AGREED = Choice(state=ChoiceState.DECIDED, granted=frozenset(Category))
OWN = ("/", "#", "?", "mailto:", "http://127.0.0.1:8000/")
OURS = frozenset("\n\u00a0\u202f")
"""Unprintable characters that the pages themselves contain."""
ADDRESSES = frozenset({"href", "src", "action", "formaction", "xlink:href"})
LISTS = [f"/en/admin/access/list/{dimension}/" for dimension in Dimension]
PAGES = [
    *LISTS, *(f"{page}?page=2" for page in LISTS),
    "/en/admin/access/", "/en/admin/access/problems/", "/en/admin/access/addresses/",
    "/en/admin/access/addresses/1/", "/en/admin/access/live/", "/en/admin/access/log/",
    "/kk/admin/access/", "/admin/access/",
    "/en/admin/access/?is=path:/%3Cevil%20onevil=1%3E",
    "/en/admin/access/list/path/?is=method:GET&not=browser:%22%3E%3Cevil%3E",
    "/en/admin/access/?period=javascript:evil()&order=%3Cevil%3E&from=%3Cevil%3E&to=evil",
]  # fmt: skip


class SafePageParser(HTMLParser):
    """Parse a page, and fail at the first markup that came from a request."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert "evil" not in tag
        for name, value in attrs:
            assert "evil" not in name
            assert not name.startswith("on"), name
            if name in ADDRESSES and value:
                assert value.startswith(OWN), value
                assert not value.startswith("//"), value

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(autouse=True)
def today(at: Clock) -> None:
    at(NOW)


def answering(environ: dict[str, Any], start: Any) -> list[bytes]:
    environ[KEY] = AGREED
    start(("200 OK", "404 NOT FOUND", "500 OH")[len(environ["PATH_INFO"]) % 3], [])
    return [b"ok"]


@pytest.fixture
def fuzzed(size: int, engine: Engine, enrichment: Enrichment, spool_folder: Path) -> Spool:
    """The site after all requests."""
    spool = Spool(spool_folder)
    recorder = Recorder(
        answering,
        spool,
        secrets=lambda: SecretPaths(("/account/confirm/",)),
        visitors=Visitors(SECRET, "visitor", LIFETIME),
    )
    edge = Edge(
        recorder,
        hosts=frozenset({"localhost"}),
        canonical="localhost",
        proxies=0,
    )
    for environ in requests(size):
        body, _, _ = run_wsgi_app(edge, environ)
        assert b"".join(body) == b"ok"
    spool.close()
    spool_reader.ingest(engine, spool_folder, enrichment)
    return spool


@SQLITE
@pytest.mark.ordeal(2_000, 100_000)
@pytest.mark.clause("1.1.8", "3.3")
@pytest.mark.slow
def test_junk_is_kept_as_harmless_text(
    staff: FlaskClient, engine: Engine, fuzzed: Spool, size: int
) -> None:
    assert (fuzzed.lost, fuzzed.refused) == (0, 0)
    assert count_rows(engine, Record) == size
    _rows_are_clean(engine)
    text = ""
    for page in PAGES:
        answer = staff.get(page)
        assert answer.status_code == 200, page
        reading = SafePageParser()
        reading.feed(answer.text)
        text += reading.text
        odd = {c for c in answer.text if not c.isprintable()}
        assert odd <= OURS, (page, odd)
    # The junk was displayed.
    assert "<evil onevil=1>" in text
    _csv_has_no_formulas(staff)
    _log_is_readable(staff, size)


def _rows_are_clean(engine: Engine) -> None:
    with engine.connect() as connection:
        for row in connection.execute(Record.__table__.select()):
            # Without a trusted proxy the socket's address counts, whatever the headers.
            assert row.ip == "198.51.100.7"
            assert row.visitor == ""
            texts = [value for value in row if isinstance(value, str)]
            assert all(text.isprintable() for text in texts), texts
        lost = Rollup.__table__.select().where(Rollup.dimension.in_(("malformed", "lost")))
        assert connection.execute(lost).all() == []


def _csv_has_no_formulas(staff: FlaskClient) -> None:
    names = [f"list/{dimension}" for dimension in Dimension]
    for name in (*names, "series"):
        text = staff.get(f"/admin/access/{name}.csv").get_data(as_text=True)
        cells = [
            cell
            for row in csv.reader(io.StringIO(text.removeprefix("\ufeff")))
            for cell in row
        ]
        assert cells
        for cell in cells:
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝")), cell
        assert json.loads(staff.get(f"/admin/access/{name}.json").data) is not None


def _log_is_readable(staff: FlaskClient, size: int) -> None:
    page = staff.get("/en/admin/access/log/").text
    data = {"csrf_token": csrf_token(page), "reason": "looking at the attack"}
    log = staff.post("/en/admin/access/log/", data=data).text
    lines = log.splitlines()
    assert len(lines) == log.count("\n") == size
    read = parser(Format.COMBINED)
    assert all(read(line).ip == "198.51.100.0" for line in lines)
    assert all(line.isprintable() for line in lines)
