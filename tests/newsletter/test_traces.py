"""Of an address that left the news no byte stays once its term is over (5.1)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from neupusti.config.settings import Settings
from neupusti.core.data.database import db
from neupusti.core.registry import registry
from neupusti.core.text.languages import Language
from neupusti.newsletter.feature import ENDED_DAYS
from neupusti.newsletter.service import ending, issues, posting, signup
from neupusti.newsletter.service.signup import Wish
from neupusti.retention.service.sweeps import sweep
from tests.conftest import SQLITE
from tests.core.smtp_server import SmtpServer
from tests.newsletter import cast
from tests.people import GUEST
from tests.times import NOON, Clock

EMAIL = f"kanareika.{GUEST.email}"


def left_in(settings: Settings) -> list[str]:
    """Return the files of the site that hold the address, in any case."""
    db.session.rollback()
    canary = EMAIL.partition("@")[0].encode()
    return [
        path.name
        for path in settings.instance.rglob("*")
        if path.is_file() and canary in path.read_bytes().lower()
    ]


def unconfirmed(_sending: Flask) -> None:
    signup.ask(EMAIL, Wish(topics=frozenset()), Language.RU, "203.0.113.0/24")
    cast.round_of_worker()


def unsubscribed(_sending: Flask) -> None:
    reader, number = cast.subscriber(EMAIL), cast.issue()
    issues.start(number, staff=cast.DANA)
    cast.sent_through(number)
    issues.start(cast.issue(), staff=cast.DANA)
    posting.run()
    ending.by_link(cast.leaving_token(reader), method=ending.ONE_CLICK)


@SQLITE
@pytest.mark.clause("5.1")
@pytest.mark.parametrize(
    ("live", "days"), [(unconfirmed, signup.LIFE.days), (unsubscribed, ENDED_DAYS)]
)
def test_no_byte_of_the_address_stays(  # noqa: PLR0913, PLR0917 - fixtures and cases
    sending: Flask,
    smtp: SmtpServer,
    settings: Settings,
    at: Clock,
    live: Callable[[Flask], None],
    days: int,
) -> None:
    """As the pages say it: after 7 days, and after 30."""
    at(NOON)
    live(sending)
    assert smtp.recipients == [EMAIL]
    assert left_in(settings) != []
    at(NOON + timedelta(days=days))
    assert sweep(registry().retention).complete
    assert left_in(settings) == []
