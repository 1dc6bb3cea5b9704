"""Rows that the database refuses to destroy keep no others, and are told of."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Table, column, insert, select, text, update
from sqlalchemy import table as table_of
from sqlalchemy.exc import IntegrityError

from neupusti.accounts.models import Person, SignIn
from neupusti.accounts.service import registration, sessions
from neupusti.core import sweeping
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.records.journal import SecurityEvent
from neupusti.core.registry import registry
from neupusti.core.security import tokens
from neupusti.core.security.tokens import Token
from neupusti.core.sweeping import RefusedError
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service import masking
from neupusti.retention.models import RetentionRun
from neupusti.retention.service import hourly, placing, sweeps
from tests import desk
from tests.accounts.cast import account, signed_in, submit
from tests.canary import Captured
from tests.orders import cast as shop
from tests.people import AIGERIM, BOLAT
from tests.retention.test_ceiling import YEAR, events, left, rule
from tests.retention.test_holds import wish
from tests.retention.test_sweep import FORM, count
from tests.times import NOON, Clock

EVENTS = SecurityEvent.__tablename__


@contextmanager
def refusing(model: type[Any], numbers: Collection[int] = ()) -> Iterator[None]:
    """Let the database refuse to delete the rows with these numbers, or all."""
    table: Table = model.__table__
    rows = select(table.c.id).where(table.c.id.in_(numbers or select(table.c.id)))
    with writing() as session:
        refers = f"row INTEGER REFERENCES {table.name} (id)"
        session.execute(text(f"CREATE TABLE stays ({refers})"))
        stays = table_of("stays", column("row"))
        session.execute(insert(stays).from_select(["row"], rows))
    yield
    db.session.rollback()
    with writing() as session:
        session.execute(text("DROP TABLE stays"))


@pytest.mark.clause("5.1")
def test_refused_rows_keep_no_other_of_their_rule(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch, canary: Captured
) -> None:
    monkeypatch.setattr(sweeping, "BATCH", 16)
    at(NOON)
    events(1, 40)
    at(NOON + YEAR)
    with refusing(SecurityEvent, {2, 3, 20, 40}):
        swept = sweeps.sweep([rule()])
        assert swept.destroyed == {EVENTS: 36}
        assert set(db.session.scalars(select(SecurityEvent.id))) == {2, 3, 20, 40}
        assert list(map(str, swept.refused)) == [f"{rule().code}: 4 refused"]
        [line] = [line for line in canary.lines if "event=refused" in line]
        assert f"rule={rule().code} rows=4 trace=" in line
        with pytest.raises(RefusedError):
            hourly.run()
        run = app.test_cli_runner().invoke(args=["retention", "run"])
        assert (run.exit_code, f"{rule().code}: 4 refused" in run.output) == (1, True)
    assert sweeps.sweep([rule()]).destroyed == {EVENTS: 4}
    runs = db.session.scalars(select(RetentionRun).order_by(RetentionRun.id)).all()
    assert [run.destroyed[EVENTS] for run in runs] == [36, 4]


def test_a_rule_of_which_very_much_is_refused_waits_for_the_next_run(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "MOST_REFUSED", 5)
    at(NOON)
    events(1, 100)
    at(NOON + YEAR)
    with refusing(SecurityEvent), shop.counted() as statements:
        swept = sweeps.sweep([rule()])
        assert list(map(str, swept.refused)) == [f"{rule().code}: 5 refused"]
        tried = [one for one in statements if one.startswith("DELETE")]
        assert len(tried) < 20
    assert count(SecurityEvent) == 100


@pytest.mark.clause("5.1")
def test_a_rule_whose_rows_stay_stops_no_other(app: Flask, at: Clock) -> None:
    at(NOON)
    signed_in(app, account(AIGERIM))
    with writing() as session:
        tokens.issue(session, "try", timedelta(hours=1))
    ours = [rule for rule in registry().retention if rule.model in {SignIn, Token}]
    at(NOON + sessions.LIFE)
    with refusing(Token):
        swept = sweeps.sweep(sorted(ours, key=lambda rule: rule.model is SignIn))
        assert swept.refused
        assert (count(SignIn), count(Token)) == (0, 1)
    assert not sweeps.sweep(ours).refused
    assert count(Token) == 0


@pytest.mark.clause("5.6")
def test_what_a_refused_rule_would_have_taken_along_is_not_counted(
    app: Flask, client: FlaskClient, at: Clock
) -> None:
    at(NOON)
    submit(client, "/account/register", FORM)
    with writing() as session:
        tokens.issue(session, "try", timedelta(hours=1))
    ours = [rule for rule in registry().retention if rule.model in {Person, Token}]
    at(NOON + registration.LIFE)
    letters = count(OutboxEmail)
    with refusing(Person):
        swept = sweeps.sweep(sorted(ours, key=lambda rule: rule.model is Token))
        assert len(swept.refused) == 1
        [run] = db.session.scalars(select(RetentionRun)).all()
        assert (count(OutboxEmail), "letter" in run.destroyed) == (letters, False)


@pytest.mark.clause("5.1")
def test_a_hold_that_the_database_does_not_release_stops_no_sweep(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    events(1, 3)
    for number in range(2):
        until = NOON.date() + timedelta(days=1 + number)
        placing.place(wish(person=desk.person((AIGERIM, BOLAT)[number]), until=until), 4)
    with writing() as session:
        released = "ON placed_hold (law) WHERE released_at IS NOT NULL"
        session.execute(text(f"CREATE UNIQUE INDEX one {released}"))
    at(NOON + YEAR)
    with pytest.raises(IntegrityError):
        hourly.run()
    assert left() == 0


@pytest.mark.clause("5.1")
def test_an_order_that_cannot_be_masked_keeps_no_other(app: Flask, at: Clock) -> None:
    at(NOON)
    for article in ("T-1", "T-2", "T-3"):
        shop.placed((shop.product(article), 1))
    with writing() as session:
        session.execute(update(ShopOrder).values(ended_at=NOON))
        one_of_two = "ON shop_order (comment) WHERE phone IS NULL AND id < 3"
        session.execute(text(f"CREATE UNIQUE INDEX one {one_of_two}"))
    at(NOON + YEAR)
    with pytest.raises(RefusedError, match="1 refused"):
        masking.run()
    db.session.rollback()
    masked = select(ShopOrder.id).where(ShopOrder.phone.is_(None))
    assert len(db.session.scalars(masked).all()) == 2
