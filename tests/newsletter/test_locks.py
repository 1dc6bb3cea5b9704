"""What is locked first: two who lock in another order wait for each other (PostgreSQL)."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from neupusti.core.data.classification import Purpose
from neupusti.core.text.languages import Language
from neupusti.newsletter.models import Topic
from neupusti.newsletter.service import issues, posting, signup
from neupusti.newsletter.service.signup import Wish
from tests.core.smtp_server import SmtpServer
from tests.newsletter import cast
from tests.orders.cast import counted
from tests.people import AIGERIM

POSTGRESQL = pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
LOCK = re.compile(r"(?s)(?:UPDATE |SELECT .*?\sFROM )(\w+)(?=.* FOR | SET )")


def locked(act: Callable[[], object]) -> list[str]:
    """Return the tables of which `act` locks or changes rows, each where it is first."""
    with counted() as statements:
        act()
    found = map(LOCK.match, statements)
    return list(dict.fromkeys(one[1] for one in found if one))


@POSTGRESQL
def test_a_confirmation_locks_as_unsubscribing_does(queueing: Flask) -> None:
    signup.ask(AIGERIM.email, Wish(topics=frozenset(Topic)), Language.RU, "192.0.2.1")
    token = cast.token_in(cast.letters()[0])
    order = locked(lambda: signup.confirm(token, {Purpose.NEWS: cast.given()}))
    assert order[:2] == ["subscriber", "token"]


@POSTGRESQL
def test_copying_results_locks_as_a_pause_does(sending: Flask, smtp: SmtpServer) -> None:
    cast.subscriber()
    number = cast.issue()
    issues.start(number, staff=cast.DANA)
    cast.round_of_worker()
    order = locked(lambda: posting.copy_ends(number))
    pausing = locked(lambda: issues.pause(number, staff=cast.DANA))
    assert order == pausing[:2] == ["issue", "issue_delivery"]
