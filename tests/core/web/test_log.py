import logging
import re
import sys
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neupusti.core.web import log as core
from neupusti.core.web.log import KeyValue, quoted, trace
from tests.core.failing_views import EMPTY
from tests.people import AIGERIM

PAIR = r'[a-z_]+=(?:[\w./:@+-]+|"[^"]*")'
LINE = re.compile(rf"{PAIR}(?: {PAIR})*", re.ASCII)


def line(event: str, **extra: object) -> str:
    record = logging.LogRecord("neupusti.shop", logging.WARNING, "", 0, event, None, None)
    vars(record).update(extra)
    return KeyValue().format(record)


def test_a_line_is_made_of_named_fields() -> None:
    logged = line("sold", fields={"good": "teapot", "left": 3, "why": "last one"})
    assert re.fullmatch(
        r"at=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 level=warning "
        r'logger=neupusti\.shop event=sold good=teapot left=3 why="last one"',
        logged,
    )


@given(event=st.text(), value=st.text())
def test_a_record_is_always_one_printable_line(event: str, value: str) -> None:
    logged = line(event.replace("%", "%%"), fields={"value": value})
    assert logged.isprintable()
    assert logged.count('"') % 2 == 0
    assert re.fullmatch(r'(?:[a-z]+=(?:[\w./:@+-]+|"[^"]*") ?)+', logged)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain-1.2/a:b@c+d", "plain-1.2/a:b@c+d"),
        ("", '""'),
        ("two words", '"two words"'),
        ("a\r\nlevel=error", r'"a\r\nlevel=error"'),
        ("\x1b[31mred", r'"\x1b[31mred"'),
        ("\u202egnp.exe", r'"\u202egnp.exe"'),
        ("\u2066a\u2069", r'"\u2066a\u2069"'),
        ("a\u2028b\x85c", r'"a\u2028b\x85c"'),
        ("\ud800", r'"\ud800"'),
        ('say "so" event=x', "\"say 'so' event=x\""),
        ("қазан", '"қазан"'),
    ],
)
def test_controls_and_bidi_marks_are_escaped(text: str, expected: str) -> None:
    assert quoted(text) == expected


def test_an_exception_is_logged_without_its_message() -> None:
    try:
        try:
            EMPTY[AIGERIM.email]
        except KeyError as error:
            raise ValueError(AIGERIM.phone) from error
    except ValueError as error:
        logged = line("failed", exc_info=(type(error), error, error.__traceback__))
        assert re.search(
            r'trace="ValueError web/test_log\.py:\d+:test_\w+ '
            r'< KeyError web/test_log\.py:\d+:test_\w+"$',
            logged,
        )
        assert AIGERIM.email not in logged
        assert AIGERIM.phone not in logged


def test_a_cyclic_exception_is_logged_once() -> None:
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    assert trace(one) == "ValueError < KeyError"


def test_a_deep_traceback_keeps_its_innermost_frames() -> None:
    def deeper(levels: int) -> None:
        if levels:
            deeper(levels - 1)
        raise LookupError

    with pytest.raises(LookupError) as failed:
        deeper(100)
    assert trace(failed.value).count(":deeper") == core.FRAMES


def test_without_an_exception_there_is_no_trace() -> None:
    assert "trace" not in line("odd", exc_info=(None, None, None))


def test_the_log_of_libraries_has_the_same_format(monkeypatch: pytest.MonkeyPatch) -> None:
    written = StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    monkeypatch.setattr(logging, "lastResort", None)
    core.configure()
    last = logging.lastResort
    assert last is not None
    assert last.level == logging.WARNING
    last.handle(logging.LogRecord("other", logging.ERROR, "", 0, "two\nlines", None, None))
    assert written.getvalue().endswith('logger=other event="two\\nlines"\n')


def test_configuring_twice_does_not_log_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    written = StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    core.configure()
    core.configure()
    logging.getLogger("neupusti.test").warning("once")
    assert written.getvalue().count("event=once") == 1
