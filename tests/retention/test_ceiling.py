"""A sweep goes round what is held or blocked, and stops before it destroys very much."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from neupusti.config.settings import Settings
from neupusti.core import sweeping
from neupusti.core.blocking import blocks
from neupusti.core.blocking.models import Cause, Result
from neupusti.core.data import files
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.keeping import Retention
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.records.journal import SecurityEvent
from neupusti.core.records.sweep_stops import SweepStop
from neupusti.core.registry import registry
from neupusti.core.rules import Permission
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service import masking
from neupusti.retention import queries
from neupusti.retention.models import RetentionRun
from neupusti.retention.service import hourly, placing, stops, sweeps
from neupusti.retention.service.placing import Wish
from tests import desk
from tests.conftest import SQLITE
from tests.lending import opened
from tests.orders import cast as shop
from tests.people import AIGERIM, BOLAT, DANA
from tests.times import NOON, Clock

DAY = timedelta(days=1)
YEAR = 365 * DAY
PLENTY = sweeping.FEW + 1
"""More rows than a table may have without a ceiling."""


def events(person: int, count: int, at: datetime = NOON) -> None:
    with writing() as session:
        session.add_all(
            SecurityEvent(at=at, person=person, kind="signed_in", device="Firefox")
            for _ in range(count)
        )


def left(model: type = SecurityEvent) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def open_duties() -> dict[str | None, int]:
    """Return the open items of the duties of this feature, by their pages."""
    counts: Counter[str | None] = Counter()
    for duty in registry().duties:
        if str(duty.endpoint).startswith("retention."):
            counts[duty.endpoint] += duty.open()
    db.session.rollback()
    return {page: count for page, count in counts.items() if count}


def rule(code: str = "security_event.at") -> Retention:
    [found] = [one for one in registry().retention if one.code == code]
    return found


def hold(person: int) -> None:
    placing.place(
        Wish(
            person=person,
            law="УПК",
            document="№ 12",
            reason="Следствие",
            review=(NOON + DAY).date(),
        ),
        None,
    )


@pytest.mark.clause("5.1")
@pytest.mark.manifest(field="duties")
@pytest.mark.situation(4, of="rights")
def test_a_sweep_of_more_than_a_fifth_stops_and_asks_once(app: Flask, at: Clock) -> None:
    at(NOON)
    dana = desk.member(DANA, Permission.PRIVACY)
    events(1, PLENTY)
    at(NOON + YEAR)
    for _ in range(2):
        hourly.run()
    assert left() >= PLENTY
    [stop] = queries.open_stops()
    assert (stop.rule, stop.due > PLENTY - 1, stop.told_at) == (
        rule().code,
        True,
        NOON + YEAR,
    )
    letters = select(OutboxEmail).filter_by(kind=stops.STOPPED.name)
    [letter] = db.session.scalars(letters)
    assert open_duties() == {"retention.board": 1}
    assert (letter.person, str(stop.due) in letter.text) == (dana, True)
    db.session.rollback()
    stops.allow(rule().code, dana, "Часы верны")
    hourly.run()
    assert left() == 0
    assert queries.open_stops() == []
    [act] = desk.staff_actions(stops.ALLOWED.code)
    assert (act.staff, act.what, act.reason) == (dana, rule().code, "Часы верны")
    events(1, PLENTY, NOON + YEAR)
    at(NOON + YEAR + sweeping.ALLOWED - DAY)
    assert rule().code not in {one.code for one in sweeps.sweep([rule()]).stopped}


@pytest.mark.situation(4, of="rights")
@pytest.mark.parametrize(
    ("old", "young", "goes"),
    [
        (sweeping.FEW, 0, True),
        (sweeping.FEW + 1, 0, False),
        (300, 1200, True),
        (301, 1199, False),
    ],
)
def test_the_ceiling_is_a_fifth_of_more_than_a_thousand_rows(
    app: Flask, at: Clock, *, old: int, young: int, goes: bool
) -> None:
    at(NOON)
    events(1, old)
    events(1, young, NOON + YEAR)
    at(NOON + YEAR)
    assert bool(sweeps.sweep([rule()]).stopped) is not goes
    assert left() == (young if goes else old + young)


def test_a_permission_ends_after_a_month(app: Flask, at: Clock) -> None:
    at(NOON)
    events(1, PLENTY)
    at(NOON + YEAR)
    sweeps.sweep([rule()])
    stops.allow(rule().code, None, "Проверено")
    at(NOON + YEAR + sweeping.ALLOWED)
    assert sweeps.sweep([rule()]).stopped
    assert left() == PLENTY


def test_a_stop_ends_with_its_cause(app: Flask, at: Clock) -> None:
    at(NOON)
    events(1, PLENTY)
    at(NOON + YEAR)
    sweeps.sweep([rule()])
    at(NOON + DAY)
    sweeps.sweep([rule()])
    assert queries.open_stops() == []
    assert left(SweepStop) == 1


def test_a_short_term_has_no_ceiling(app: Flask, at: Clock) -> None:
    """After a weekend without the site everything of it is past its term."""
    short = [one for one in registry().retention if one.term <= sweeping.SHORT]
    assert {one.code for one in short} >= {"token.expires_at", "throttle_count.touched_at"}
    assert not any(sweeping.halts(one) for one in short if not one.custom_sweep)


def test_the_masking_of_orders_stops_in_the_same_way(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "FEW", 2)
    at(NOON)
    product = shop.product("T-1")
    for _ in range(3):
        number = shop.placed((product, 1)).number
    with writing() as session:
        session.execute(update(ShopOrder).values(ended_at=NOON))
    at(NOON + masking.DAYS * DAY)
    masking.run()
    assert shop.order_of(number).phone == AIGERIM.phone
    [stop] = queries.open_stops()
    db.session.rollback()
    stops.allow(stop.rule, None, "Проверено")
    masking.run()
    assert shop.order_of(number).phone is None


@pytest.mark.clause("5.1")
def test_a_sweep_leaves_a_blocked_person_and_no_other(app: Flask, at: Clock) -> None:
    at(NOON)
    aigerim, bolat = desk.person(AIGERIM), desk.person(BOLAT)
    events(aigerim, 3)
    events(bolat, 3)
    with writing() as session:
        block = blocks.open_block(session, Whose(person=aigerim), by=Cause.PERSON)
    at(NOON + YEAR)
    sweeps.sweep([rule()])
    people = select(SecurityEvent.person).distinct()
    db.session.rollback()
    assert list(db.session.scalars(people)) == [aigerim]
    db.session.rollback()
    with writing() as session:
        blocks.lift(session, session.merge(block), outcome=Result.UNFOUNDED)
    sweeps.sweep([rule()])
    assert left() == 0


@pytest.mark.clause("5.1")
def test_a_sweep_leaves_a_held_person_until_the_release(app: Flask, at: Clock) -> None:
    at(NOON)
    aigerim, bolat = desk.person(AIGERIM), desk.person(BOLAT)
    events(aigerim, 3)
    events(bolat, 3)
    hold(aigerim)
    at(NOON + YEAR)
    sweeps.sweep(registry().retention)
    assert set(db.session.scalars(select(SecurityEvent.person))) == {aigerim}
    db.session.rollback()
    placing.release(queries.placed()[0].code, None, "Дело закрыто")
    sweeps.sweep(registry().retention)
    assert left() == 0


def test_a_sweep_works_in_batches(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "BATCH", 2)
    at(NOON)
    events(1, 5)
    at(NOON + YEAR)
    assert sweeps.sweep([rule()]).destroyed == {"security_event": 5}
    db.session.rollback()
    [run] = db.session.scalars(select(RetentionRun))
    assert (run.destroyed, run.complete) == ({"security_event": 5}, True)


@pytest.fixture
def halted(settings: Settings) -> Iterator[Flask]:
    """The site with every sweep halted."""
    with opened(replace(settings, destroy=0)) as app:
        yield app


@SQLITE
@pytest.mark.clause("5.1")
@pytest.mark.manifest(field="duties")
def test_a_halted_site_destroys_nothing(halted: Flask, at: Clock) -> None:
    at(NOON)
    events(1, 5)
    number = shop.placed((shop.product("T-1"), 1)).number
    with writing() as session:
        session.execute(update(ShopOrder).values(ended_at=NOON))
    name = files.store("avatars", b"photo")
    at(NOON + 2 * YEAR)
    hourly.run()
    masking.run()
    files.sweep("avatars", lambda: ())
    assert left() >= 5
    assert shop.order_of(number).phone
    assert files.exists("avatars", name)
    assert open_duties() == {"retention.board": 1}
    dana = desk.member(DANA, Permission.PRIVACY)
    board = desk.signed_in(halted, dana)
    assert "NEUPUSTI_DESTROY=0" in board.get("/en/admin/retention/").text
    assert "Sweeps that are halted on the server" in board.get("/en/admin/").text
    ready = halted.test_client().get("/readyz")
    assert (ready.status_code, ready.get_json()["destroy"]) == (200, "halted")
    run = halted.test_cli_runner().invoke(args=["retention", "run"])
    assert (run.exit_code, "NEUPUSTI_DESTROY=0" in run.output) == (1, True)


@SQLITE
@pytest.mark.parametrize(
    ("due", "language", "said"),
    [
        (201, "ru", "Срок истёк у 201 записи из 1001."),
        (202, "ru", "Срок истёк у 202 записей из 1001."),
        (201, "kk", "1001 жазбаның ішінде мерзімі біткені: 201."),
        (1, "en", "1 of 1001 rows is past its term."),
        (201, "en", "201 of 1001 rows are past their term."),
    ],
)
def test_how_many_rows_are_due_is_said_in_the_right_number(
    app: Flask, at: Clock, due: int, language: str, said: str
) -> None:
    at(NOON)
    with writing() as session:
        session.add(SweepStop(rule=rule().code, at=NOON, due=due, rows=PLENTY))
    board = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    assert said in board.get(f"/{language}/admin/retention/".removeprefix("/ru")).text
