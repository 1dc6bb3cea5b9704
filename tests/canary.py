"""Listens to every line the site logs, for words that must never stand there."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest

from neupusti.core.log import KeyValue
from tests.people import CAST

COUNTRY = len("+7")
NEEDLES = [
    needle
    for person in CAST
    for needle in (person.email, person.email.replace("@", "%40"), person.phone[COUNTRY:])
]


def telling(line: str) -> bool:
    """Tell whether a line of the log names somebody of the cast."""
    return any(needle in line for needle in NEEDLES)


@contextmanager
def listening() -> Iterator[list[str]]:
    """Collect each line as it is formatted, and the warnings of libraries with them."""
    heard: list[str] = []
    write = KeyValue.format

    def overheard(self: KeyValue, record: logging.LogRecord) -> str:
        heard.append(write(self, record))
        return heard[-1]

    others = logging.StreamHandler(StringIO())
    others.setLevel(logging.WARNING)
    others.setFormatter(KeyValue())
    logging.getLogger().addHandler(others)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(KeyValue, "format", overheard)
        yield heard
    logging.getLogger().removeHandler(others)
