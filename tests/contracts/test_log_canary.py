"""The canary itself is an autouse fixture of every test: here it shows that it sings."""

import logging

import pytest

from tests.canary import listening, telling
from tests.people import AIGERIM, CAST, Person


@pytest.mark.parametrize("person", CAST, ids=lambda person: person.email)
def test_each_of_the_cast_is_recognised(person: Person) -> None:
    lines = [
        f"event={person.email}",
        f"event={person.phone}",
        f'event="8 {person.phone[2:]}"',
    ]
    assert all(telling(line) for line in lines)
    assert not telling("at=2026-11-22T12:00:00 event=sold good=teapot")


@pytest.mark.parametrize("logger", ["neupusti.shop", "sqlalchemy.pool"])
def test_a_line_of_any_logger_is_heard(logger: str) -> None:
    with listening() as heard:
        logging.getLogger(logger).warning("hello")
    assert len([line for line in heard if "event=hello" in line]) >= 1


def test_words_of_an_exception_do_not_reach_the_log() -> None:
    """Else the canary of this very test would sing."""
    with listening() as heard:
        try:
            raise ValueError(AIGERIM.email)  # noqa: TRY301
        except ValueError:
            logging.getLogger("neupusti.shop").exception("failed")
    assert heard
    assert not any(telling(line) for line in heard)
