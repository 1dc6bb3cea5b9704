"""What each copy of the site keeps in memory, where two machines share one PostgreSQL.

The bounds of the table in docs/scale.md.
"""

from collections.abc import Callable, Iterator
from contextvars import Context
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from neupusti.config.settings import Settings
from neupusti.consent.models import ALL, ChoiceOutcome, ConsentCount, ConsentRecord
from neupusti.consent.service import records, store
from neupusti.consent.views.extension import ConsentExtension
from neupusti.core.data import looks, postgresql
from neupusti.core.data.database import db, writing
from neupusti.core.data.halting import is_halted
from neupusti.core.proofs import results
from neupusti.core.records import journal
from neupusti.core.security import throttle
from neupusti.core.security.throttle import RateLimit
from neupusti.core.text import order_numbers
from neupusti.core.text.languages import Language
from neupusti.core.web import microcache
from neupusti.core.web.errors import TooManyError
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service import placing
from neupusti.policy.models import EditionKind
from neupusti.policy.service import edition_store, editions
from neupusti.policy.service.drafts import Draft
from neupusti.staff.queries import OPENED
from tests.conftest import Visitor as Client
from tests.consent.conftest import Visitor
from tests.lending import machines, opened
from tests.orders import cast
from tests.policy.documents import SMALL
from tests.times import Clock

pytestmark = pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
NOW = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)
DAY = date(2023, 6, 5)
RULE = RateLimit("test", 3, timedelta(minutes=5))


@pytest.fixture
def two(settings: Settings, tmp_path: Path) -> Iterator[list[Flask]]:
    """Two machines of one site."""
    with machines(settings, tmp_path) as apps:
        for app in apps:
            app.test_client_class = Client
        yield apps


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch, at: Clock) -> Callable[[float], None]:
    """Let so many seconds pass, by the clock and for what is looked at again in time."""
    passed = [1000.0]
    ticking = SimpleNamespace(monotonic=lambda: passed[0])
    for module in (edition_store, results, store, throttle):
        monkeypatch.setattr(module, "time", ticking)
    # A look has ended before anything is asserted, on a busy machine, too.
    monkeypatch.setattr(looks, "WAIT_SECONDS", postgresql.REQUEST_SECONDS)

    def wait(seconds: float) -> None:
        passed[0] += seconds
        at(NOW + timedelta(seconds=passed[0] - 1000))

    wait(0)
    return wait


def consent_of(app: Flask) -> ConsentExtension:
    extension: ConsentExtension = app.extensions["neupusti.consent"]
    return extension


def at_once(*calls: tuple[Flask, Callable[[], Any]]) -> list[Any]:
    """Make each call in a thread of its machine, all at once; return the results."""
    barrier, found = Barrier(len(calls)), list[Any]()

    def work(app: Flask, call: Callable[[], Any]) -> None:
        with app.app_context():
            barrier.wait()
            found.append(call())
            db.session.remove()

    threads = [Thread(target=Context().run, args=(work, *call)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_an_edition_that_one_publishes_the_other_serves_within_two_seconds(
    two: list[Flask], later: Callable[[float], None]
) -> None:
    """A second of the edition store, and one of the cache before the application."""
    one, other = two
    page = f"/policy/{DAY}/"

    def shown(app: Flask) -> bool:
        return page in app.test_client().get("/policy/history/").text

    assert not shown(one)
    later(0.9)
    assert not shown(other)
    with one.app_context():
        editions.import_draft(
            Draft(text=SMALL, language=Language.RU, kind=EditionKind.EDITORIAL)
        )
        editions.publish(DAY, Language.RU, by="operator", backdate="on paper")
    assert shown(one)
    within = edition_store.RECHECK_SECONDS + microcache.TTL.total_seconds()
    assert within == 2
    later(within)
    assert shown(other)


def test_a_withdrawal_at_one_counts_at_the_other_at_once(
    two: list[Flask], later: Callable[[float], None]
) -> None:
    """A copy of the former cookie, which the browser has no more, is good for a second."""
    one, other = two
    visitor = Visitor(one.test_client())
    visitor.choose("accept")
    former = str(visitor.cookie())

    def offered(value: str) -> bool:
        client = other.test_client()
        client.set_cookie("consent", value)
        return 'value="withdraw"' in client.get("/").text

    assert offered(former)
    visitor.choose("withdraw")
    assert not offered(str(visitor.cookie()))
    later(store.RECHECK_SECONDS + 0.1)
    assert not offered(former)


def test_uses_of_a_limit_count_at_all_machines(two: list[Flask]) -> None:
    for number in range(3):
        with two[number % 2].app_context():
            throttle.take((RULE, "a"))
    for app in two:
        with app.app_context(), pytest.raises(TooManyError):
            throttle.take((RULE, "a"))


@pytest.mark.usefixtures("later")
def test_the_rows_of_consent_are_limited_by_each_process(two: list[Flask]) -> None:
    for app in two:
        limit = consent_of(app).limit
        waits = [limit.take("203.0.113.0") for _use in range(301)]
        assert (any(waits[:300]), bool(waits[300])) == (False, True)


def test_banners_that_each_has_counted_are_added_up(two: list[Flask]) -> None:
    for app in two:
        visitor = Visitor(app.test_client())
        visitor.client.get("/")
        visitor.choose("reject")
    shown = select(ConsentCount.number).filter_by(
        category=ALL, outcome=ChoiceOutcome.SHOWN.value
    )
    with two[0].app_context():
        assert db.session.scalars(shown).all() == [2]


def test_each_chain_is_one_under_two_writers(two: list[Flask]) -> None:
    def act() -> None:
        for _row in range(20):
            with writing() as session:
                journal.log_staff_action(session, staff=4, action=OPENED, reason="Спор")

    def choose() -> None:
        for _row in range(10):
            Visitor(two[0].test_client()).choose("reject")
            Visitor(two[1].test_client()).choose("accept")

    at_once(*((app, act) for app in two), *((app, choose) for app in two))
    with two[0].app_context():
        session = db.session()
        assert journal.broken(session) is None
        assert session.scalar(select(func.count(journal.StaffAction.id))) == 40
        assert all(sound for _row, sound in records.CHAIN.rows(session))
        assert session.scalar(select(func.count(ConsentRecord.id))) == 40


def test_two_machines_that_draw_one_number_give_two_orders_two(
    two: list[Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["NP-261201-0000-0"] * 2 + [f"NP-261201-000{n}-{n}" for n in (1, 2)])
    monkeypatch.setattr(order_numbers, "new", lambda _day: next(drawn))
    with two[0].app_context():
        product = cast.product("a", 9)
        baskets = [cast.filled((product, 1)) for _app in two]

    def order(number: int) -> Callable[[], placing.Placed]:
        buyer = replace(cast.BUYER, email=f"x{number}@example.kz")
        proof = replace(cast.PROOF, network=str(number))
        return lambda: placing.place(baskets[number], buyer, cast.COURIER, proof)

    placed = at_once(*((app, order(number)) for number, app in enumerate(two)))
    assert len({one.number for one in placed}) == 2
    with two[0].app_context():
        assert db.session.scalar(select(func.count(ShopOrder.id))) == 2


def test_what_one_has_proved_the_other_knows_within_a_second(
    two: list[Flask], later: Callable[[float], None]
) -> None:
    one, other = two

    def known(app: Flask) -> int:
        with app.app_context():
            return results.known().run

    before = known(other)
    with one.app_context():
        one.test_cli_runner().invoke(args=["prove"])
    later(results.RECHECK_SECONDS)
    assert known(other) == known(one) > before


def test_a_setting_is_that_of_its_copy(settings: Settings, two: list[Flask]) -> None:
    """What halts the sweeps has to be set on every machine."""
    with opened(replace(settings, destroy=0)):
        assert is_halted()
    for app in two:
        with app.app_context():
            assert not is_halted()
