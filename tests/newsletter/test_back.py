"""What the mail server did not take, and nobody wants any more when it is tried again."""

from collections.abc import Callable

import pytest
from flask import Flask

from neupusti.core.mail import due
from neupusti.newsletter.models import IssueDelivery, Why
from neupusti.newsletter.service import ending, issues, posting
from tests.newsletter import cast
from tests.newsletter.servers import ActingServer
from tests.people import AIGERIM
from tests.times import NOON, Clock

Act = Callable[[int, int], None]


def unsubscribe(_number: int, reader: int) -> None:
    ending.by_link(cast.leaving_token(reader), method=ending.ONE_CLICK)


def unsubscribe_amid_orders(number: int, reader: int) -> None:
    """More emails are due before it than a lost connection delays."""
    unsubscribe(number, reader)
    for n in range(due.BATCH):
        cast.service_email(f"order:{n}:1")


def pause(number: int, _reader: int) -> None:
    issues.pause(number, staff=cast.DANA)


@pytest.mark.slow
@pytest.mark.clause("4.1.9")
@pytest.mark.parametrize("stage", ["data later", "data drop"])
@pytest.mark.parametrize(
    ("act", "state", "why"),
    [
        (unsubscribe, "skipped", Why.UNSUBSCRIBED.value),
        (unsubscribe_amid_orders, "skipped", Why.UNSUBSCRIBED.value),
        (pause, "waiting", ""),
    ],
)
def test_what_comes_back_is_not_tried_again(  # noqa: PLR0913, PLR0917 - fixtures and cases
    app: Flask, at: Clock, stage: str, act: Act, state: str, why: str
) -> None:
    """While it is being transferred nothing can take it back; the server then refuses."""
    # A slow machine takes longer for the orders than it takes until the next attempt.
    at(NOON)
    reader, number = cast.subscriber(), cast.issue()

    class Refusing(ActingServer):
        def _next(self, stage: str) -> str:
            if stage == "data":
                with app.app_context():
                    act(number, reader)
            return super()._next(stage)

    with Refusing(script=[stage]).open() as smtp:
        cast.send_by(app, smtp.port)
        issues.start(number, staff=cast.DANA)
        cast.round_of_worker()
        row = cast.reread(IssueDelivery, number, reader)
        assert row.state == "posted"
        posting.run()
        row = cast.reread(IssueDelivery, number, reader)
        assert (row.state, row.why) == (state, why)
        assert cast.letters(AIGERIM.email) == []
    assert AIGERIM.email not in smtp.recipients
