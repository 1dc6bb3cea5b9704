from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from neupusti.core.blocking import blocks, guards, shadows
from neupusti.core.blocking.errors import is_refusal
from neupusti.core.blocking.models import Cause
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.data.reading import EXTENSION, reading
from neupusti.core.registry import registry
from neupusti.orders.models.order import ShopOrder
from tests.conftest import SQLITE
from tests.core.blocking.ways import READS, WRITES, Read, Write, in_use
from tests.orders.buying import Shopper, product
from tests.people import BOLAT, GUEST

BLOCKED = Whose(email_key=GUEST.email)


@pytest.fixture
def orders(app: Flask) -> dict[str, int]:
    """Two orders of guests, one of whom is blocked; address -> number."""
    goods = product()
    for who in (GUEST, BOLAT):
        Shopper(app, who=who).bought(goods)
    with writing() as session:
        blocks.open_block(session, BLOCKED, by=Cause.PERSON)
        rows = session.execute(select(ShopOrder.email, ShopOrder.id))
        return {row.email: row.id for row in rows}


@pytest.mark.clause("6.2.4")
@pytest.mark.parametrize("way", READS.values(), ids=READS.keys())
def test_no_way_to_read_finds_the_blocked(orders: dict[str, int], way: Read) -> None:
    before = way(db.session())
    with in_use() as session:
        assert way(session) == {BOLAT.email}
    assert before != {BOLAT.email}


@pytest.mark.clause("6.2.4")
@pytest.mark.parametrize("way", WRITES.values(), ids=WRITES.keys())
def test_every_way_to_write_the_blocked_is_refused(
    orders: dict[str, int], way: Write
) -> None:
    numbers = orders[GUEST.email], orders[BOLAT.email]
    with pytest.raises(DBAPIError) as refused, writing() as session:
        way(session, *numbers)
    assert is_refusal(refused.value)


@pytest.mark.parametrize("way", WRITES.values(), ids=WRITES.keys())
def test_ones_own_act_passes(orders: dict[str, int], way: Write) -> None:
    """What is refused above is refused because of the block, and of nothing else."""
    with writing() as session, blocks.passing(session, BLOCKED):
        numbers = orders[GUEST.email], orders[BOLAT.email]
        assert not refused(way, session, *numbers)


def refused(way: Write, session: Session, *numbers: int) -> bool:
    """Try a way to write; return whether a guard refused it."""
    try:
        with session.begin_nested():
            way(session, *numbers)
    except DBAPIError as error:
        return is_refusal(error)
    return False


def test_nobody_reads_around_the_check(orders: dict[str, int]) -> None:
    with in_use() as session:
        assert session.get(ShopOrder, orders[GUEST.email]) is None
        with reading(in_use=False):
            assert session.get(ShopOrder, orders[GUEST.email]) is not None


def test_a_write_that_began_before_the_block_ends_before_it(
    orders: dict[str, int],
) -> None:
    """On PostgreSQL, where others write at the same time: the block waits for them."""
    db.session.remove()
    if db.engine.dialect.name == "sqlite":
        return
    change = text("UPDATE shop_order SET comment = 'x' WHERE id = :id")
    with db.engine.connect() as writer, writing() as session:
        writer.execute(change, {"id": orders[BOLAT.email]})
        session.execute(text("SET LOCAL lock_timeout = 1"))
        with pytest.raises(OperationalError), session.begin_nested():
            blocks.wait_for_writers(session)
        writer.commit()
        blocks.wait_for_writers(session)


@SQLITE
def test_one_block_lets_no_look_up_walk_all_orders(orders: dict[str, int]) -> None:
    look = 'EXPLAIN QUERY PLAN SELECT * FROM order_line WHERE "order" = 1'
    with in_use() as session:
        plan = [str(step[-1]) for step in session.execute(text(look))]
    assert any("USING INDEX ix_shop_order_email_key" in step for step in plan)


def test_a_reader_waits_for_a_connection_no_longer_than_others(app: Flask) -> None:
    main, reading_one = app.extensions[EXTENSION]
    assert reading_one.pool.timeout() == main.pool.timeout()


def test_no_connection_without_its_views_stays(app: Flask) -> None:
    """On PostgreSQL, where no view can stand before a table that is not made yet."""
    if db.engine.dialect.name == "sqlite":
        return
    url = db.engine.url.update_query_dict({"options": "-csearch_path=information_schema"})
    bare = shadows.reading_engine(create_engine(url), registry().blockable)
    for _attempt in range(2):
        with pytest.raises((ProgrammingError, psycopg.errors.UndefinedTable)):
            bare.connect()
    bare.dispose()


def test_a_reading_connection_cannot_write(orders: dict[str, int]) -> None:
    with in_use() as session, pytest.raises(DBAPIError):
        session.connection().exec_driver_sql("DELETE FROM data_block")


def test_the_guards_are_those_of_the_manifests(app: Flask) -> None:
    with db.engine.connect() as connection:
        wanted = list(guards.guards(registry().guarded, connection.dialect))
        assert sorted(guards.standing(connection)) == sorted(wanted)
    names: Any = {guard.table for guard in wanted}
    assert {"shop_order", "order_line", "person", "subscriber", "disclosure"} <= names
    assert {"letter", "security_event"} <= names  # against rows about whom is gone
    assert names.isdisjoint({"sign_in", "data_request", "staff_action", "placed_hold"})
