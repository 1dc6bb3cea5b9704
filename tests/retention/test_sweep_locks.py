"""A sweep and a block do not wait for each other, and what is held meanwhile stays."""

import pytest
from flask import Flask
from sqlalchemy import Delete, delete, text, update

from neupusti.core.data.database import db, writing
from neupusti.core.records.holds import PlacedHold
from neupusti.core.records.journal import SecurityEvent
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service import masking
from neupusti.retention.service import sweeps
from tests.orders import cast as shop
from tests.proofs.rows import row
from tests.retention.test_ceiling import YEAR, events, left, rule
from tests.times import NOON, Clock

POSTGRESQL = pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
LOCK = "LOCK TABLE data_block IN ROW SHARE MODE"


@POSTGRESQL
def test_a_sweep_locks_no_row_before_it_keeps_blocks_out(app: Flask, at: Clock) -> None:
    at(NOON)
    events(1, 5)
    at(NOON + YEAR)
    with shop.counted() as statements:
        sweeps.sweep([rule()])
    assert left() == 0
    [rows] = [at for at, one in enumerate(statements) if one.endswith("FOR UPDATE")]
    assert statements.index(LOCK) < rows


@POSTGRESQL
def test_the_masking_changes_no_row_before_it_keeps_blocks_out(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    number = shop.placed((shop.product("T-1"), 1)).number
    with writing() as session:
        session.execute(update(ShopOrder).values(ended_at=NOON))
    at(NOON + YEAR)
    with shop.counted() as statements:
        masking.run()
    assert shop.order_of(number).phone is None
    changes = [at for at, one in enumerate(statements) if one.startswith("UPDATE")]
    assert statements.index(LOCK) < changes[0]


def test_what_is_held_once_a_sweep_has_chosen_it_stays(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(NOON)
    events(1, 2)
    events(2, 3)
    at(NOON + YEAR)

    def late(model: type[SecurityEvent]) -> Delete:
        given = {"code": "late", "person": 1, "law": "УПК", "document": "№ 12"}
        given |= {"at": "2027-11-01", "review": "2028-01-01"}
        db.session.execute(text(row(PlacedHold, **given)))
        return delete(model)

    monkeypatch.setattr(sweeps, "delete", late)
    assert sweeps.sweep([rule()]).destroyed == {SecurityEvent.__tablename__: 3}
    assert left() == 2
