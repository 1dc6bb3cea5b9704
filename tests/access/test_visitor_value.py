"""The value of the visitor cookie: only values signed by this site are read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from neupusti.access.recording.recorder import Recorder, SecretPaths
from neupusti.access.recording.spool import Spool
from neupusti.access.recording.visitors import ID_LENGTH, Visitors
from neupusti.core.feature import CONSENT_LIFETIME as LIFETIME
from neupusti.core.feature import Category
from neupusti.core.web.choice import KEY, SIGNAL, UNDECIDED, Choice, ChoiceState
from tests.access.conftest import spool_lines
from tests.lending import SECRET
from tests.times import Clock

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


@pytest.fixture
def visitors() -> Visitors:
    return Visitors(SECRET, "visitor", LIFETIME)


def test_no_value_is_accepted_that_was_not_given(visitors: Visitors, at: Clock) -> None:
    at(NOW)
    value = visitors.new()
    assert visitors.read(f"visitor={value}") == value[:ID_LENGTH]
    forged = [
        value[:ID_LENGTH],
        value[:-1],
        f"{value}0",
        value.upper(),
        value[:ID_LENGTH] + "0" * 16,
        f"20200101{value[8:]}",
        Visitors("another secret of thirty-two bytes", "visitor", LIFETIME).new(),
        "00000000" + "0" * 40,
        "",
        "x" * 4000,
        *(
            value[:place] + ("1" if value[place] == "0" else "0") + value[place + 1 :]
            for place in range(len(value))
        ),
    ]
    for one in forged:
        assert visitors.read(f"visitor={one}") == "", one
        assert visitors.read(f"other=1; visitor={one}; z=2") == "", one
    for header in (f"xvisitor={value}", f"visitor ={value}", f'visitor="{value}"', value):
        assert visitors.read(header) == "", header


def test_it_is_worth_nothing_after_its_lifetime(visitors: Visitors, at: Clock) -> None:
    at(NOW)
    value = visitors.new()
    at(NOW + LIFETIME)
    assert visitors.read(f"visitor={value}") == value[:ID_LENGTH]
    at(NOW + LIFETIME + timedelta(days=1))
    assert visitors.read(f"visitor={value}") == ""


MARKETING = frozenset({Category.NECESSARY, Category.MARKETING})
STATISTICS = frozenset({Category.NECESSARY, Category.STATISTICS})


def answering(environ: Any, start: Any) -> list[bytes]:
    start("200 OK", [])
    return [b"ok"]


@pytest.mark.clause("3.3.1")
@pytest.mark.parametrize(
    ("choice", "granted", "kept"),
    [
        (None, "", False),
        (UNDECIDED, "", False),
        (SIGNAL, "necessary", False),
        (
            Choice(state=ChoiceState.DECIDED, granted=MARKETING),
            "marketing necessary",
            False,
        ),
        (
            Choice(state=ChoiceState.DECIDED, granted=STATISTICS),
            "necessary statistics",
            True,
        ),
    ],
)
def test_it_is_written_down_only_where_statistics_are_allowed(
    tmp_path: Path, visitors: Visitors, choice: Any, granted: str, *, kept: bool
) -> None:
    value = visitors.new()
    environ: dict[str, Any] = EnvironBuilder(
        "/", environ_overrides={"HTTP_COOKIE": f"a=1; visitor={value}"}
    ).get_environ()
    environ[KEY] = choice
    recorder = Recorder(
        answering, Spool(tmp_path), secrets=lambda: SecretPaths(()), visitors=visitors
    )
    body, _, _ = run_wsgi_app(recorder, environ)
    assert b"".join(body) == b"ok"
    (line,) = spool_lines(tmp_path)
    assert (line["g"], line["v"]) == (granted, value[:ID_LENGTH] if kept else "")
    assert line["c"] == "a visitor"
    assert value[ID_LENGTH:] not in str(line)
