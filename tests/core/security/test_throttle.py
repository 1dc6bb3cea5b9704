"""Limits that hold over all processes, and waits that grow."""

from datetime import timedelta

import pytest
from flask import Flask
from flask_babel import lazy_gettext
from sqlalchemy import select, text

from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core.data.database import db, writing
from neupusti.core.security import throttle
from neupusti.core.security.throttle import RateLimit, ThrottleCount
from neupusti.core.web.errors import TooManyError
from tests.times import NOON, Clock

FIVE = timedelta(minutes=5)
RULE = RateLimit("test", 3, FIVE)
OTHER = RateLimit("other", 1, FIVE)


def wait() -> timedelta:
    with pytest.raises(TooManyError) as refused:
        throttle.take((RULE, "a"))
    assert refused.value.retry_after is not None
    return refused.value.retry_after


def test_too_many_attempts_lock_the_key_and_no_other(app: Flask, at: Clock) -> None:
    at(NOON)
    for left in (2, 1, 0):
        throttle.take((RULE, "a"))
        assert throttle.remaining(RULE, "a") == left
    assert wait() == FIVE
    assert throttle.remaining(RULE, "a") == 0
    throttle.take((RULE, "b"))
    throttle.take((OTHER, "a"))
    at(NOON + FIVE - timedelta(seconds=1))
    assert wait() == timedelta(seconds=1)
    at(NOON + FIVE)
    throttle.check((RULE, "a"))
    throttle.take((RULE, "a"))


def test_a_period_that_is_over_counts_no_more(app: Flask, at: Clock) -> None:
    at(NOON)
    for _ in range(3):
        throttle.take((RULE, "a"))
    at(NOON + FIVE)
    assert throttle.remaining(RULE, "a") == 3
    for _ in range(3):
        throttle.take((RULE, "a"))
    assert wait() == FIVE


def test_the_next_period_begins_where_the_wait_ends(app: Flask, at: Clock) -> None:
    at(NOON)
    for _ in range(3):
        throttle.take((RULE, "a"))
    wait()
    at(NOON + 2 * FIVE - timedelta(minutes=1))
    throttle.take((RULE, "a"))
    at(NOON + 2 * FIVE)
    assert throttle.remaining(RULE, "a") == 3


def test_attempts_during_a_wait_count_for_nothing_after_it(app: Flask, at: Clock) -> None:
    at(NOON)
    for _ in range(3):
        throttle.take((RULE, "a"))
    for _ in range(5):
        assert wait() == FIVE
    at(NOON + FIVE)
    assert throttle.remaining(RULE, "a") == 3
    for _ in range(3):
        throttle.take((RULE, "a"))
    assert wait() == 2 * FIVE


def test_what_others_wrote_meanwhile_is_read(app: Flask, at: Clock) -> None:
    at(NOON)
    throttle.take((RULE, "a"))
    held = db.session.scalars(select(ThrottleCount)).one()
    throttle.take((RULE, "a"))
    assert throttle.remaining(RULE, "a") == 1
    with writing() as session:
        held = session.scalars(select(ThrottleCount)).one()
        session.execute(text("UPDATE throttle_count SET count = 3"))
        assert throttle.count(session, (RULE, "a")) == FIVE
        assert held.shut_until == NOON + FIVE


def test_what_is_left_is_read_anew(app: Flask, at: Clock) -> None:
    at(NOON)
    throttle.take((RULE, "a"))
    held = db.session.scalars(select(ThrottleCount)).one()
    db.session.execute(text("UPDATE throttle_count SET count = 3"))
    assert held.count == 1
    assert throttle.remaining(RULE, "a") == 0


def test_a_limit_made_stricter_leaves_nothing(app: Flask) -> None:
    for _ in range(3):
        throttle.take((RULE, "a"))
    assert throttle.remaining(RateLimit("test", 1, FIVE), "a") == 0


def test_each_use_is_noted_for_the_retention(app: Flask, at: Clock) -> None:
    for moment in (NOON, NOON + timedelta(minutes=1)):
        at(moment)
        throttle.take((RULE, "a"))
        assert db.session.scalar(select(ThrottleCount.touched_at)) == moment


def test_the_wait_doubles_until_a_quiet_period(app: Flask, at: Clock) -> None:
    moment = NOON
    waits = []
    for _ in range(3):
        at(moment)
        for _ in range(3):
            throttle.take((RULE, "a"))
        waits.append(wait())
        moment += waits[-1]
    assert waits == [FIVE, 2 * FIVE, 4 * FIVE]
    at(moment + 2 * FIVE - timedelta(seconds=1))
    for _ in range(3):
        throttle.take((RULE, "a"))
    assert wait() == 8 * FIVE
    at(moment + 12 * FIVE - timedelta(seconds=1))
    for _ in range(3):
        throttle.take((RULE, "a"))
    assert wait() == FIVE


def test_no_wait_is_longer_than_a_day(app: Flask, at: Clock) -> None:
    moment = NOON
    for _ in range(12):
        at(moment)
        for _ in range(3):
            throttle.take((RULE, "a"))
        last = wait()
        moment += last
    assert last == timedelta(days=1)


def test_a_successful_attempt_resets_the_counter(app: Flask, at: Clock) -> None:
    at(NOON)
    for _ in range(3):
        throttle.take((RULE, "a"), (OTHER, f"network {_}"))
    with writing() as session:
        throttle.reset(session, (RULE, "a"))
    assert throttle.remaining(RULE, "a") == 3
    assert throttle.remaining(OTHER, "network 1") == 0


def test_checking_counts_nothing(app: Flask, at: Clock) -> None:
    at(NOON)
    for _ in range(9):
        throttle.check((OTHER, "a"), (RULE, "a"))
    throttle.take((OTHER, "a"))
    throttle.check((OTHER, "a"))
    with pytest.raises(TooManyError):
        throttle.take((OTHER, "a"))
    with pytest.raises(TooManyError) as refused:
        throttle.check((RULE, "a"), (OTHER, "a"))
    assert refused.value.retry_after == FIVE


def test_a_second_app_on_the_database_counts_on(app: Flask, settings: Settings) -> None:
    """As two worker processes."""
    second = create_app(settings)
    for turn in range(3):
        if turn % 2:
            throttle.take((RULE, "a"))
        else:
            with second.app_context():
                throttle.take((RULE, "a"))
    wait()
    with second.app_context():
        wait()
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def test_no_address_is_kept(app: Flask) -> None:
    throttle.take((RULE, throttle.network("203.0.113.77")))
    row = db.session.execute(text("SELECT * FROM throttle_count")).one()
    assert "203.0" not in str(tuple(row))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/56"),
        ("unknown", "unknown"),
        ("<script>", "unknown"),
    ],
)
def test_a_network_is_counted_as_one(address: str, network: str) -> None:
    assert throttle.network(address) == network


def refused(*uses: tuple[RateLimit, str]) -> TooManyError | None:
    with writing() as session:
        return throttle.refusal(session, *uses)


def test_what_is_refused_uses_up_nothing_of_the_other_limits(app: Flask, at: Clock) -> None:
    at(NOON)
    shared = RULE, "shared"
    assert refused(shared, (OTHER, "a")) is None
    for _ in range(5):
        error = refused(shared, (OTHER, "a"))
        assert error is not None
        assert error.retry_after == FIVE
        assert throttle.remaining(*shared) == 2
    assert refused(shared, (OTHER, "b")) is None
    assert throttle.remaining(*shared) == 1


def test_the_words_are_those_of_the_limit_that_lasts_longest(app: Flask, at: Clock) -> None:
    at(NOON)
    longer = RateLimit("longer", 1, 2 * FIVE, message=lazy_gettext("Not before %(time)s."))
    assert refused((longer, "a"), (OTHER, "a")) is None
    error = refused((OTHER, "a"), (longer, "a"))
    assert error is not None
    # 12:10 UTC, in Almaty.
    assert str(error.message) == "Not before 17:10."
    assert refused((OTHER, "a"), (longer, "b")) is not None
    assert throttle.remaining(longer, "b") == 1
