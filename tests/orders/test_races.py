"""Many at once: stock is exact, and one basket is one order."""

from collections.abc import Callable
from contextvars import Context
from dataclasses import replace
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import func, select

from neupusti.core.data.database import db
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service import placing
from neupusti.orders.service.errors import MoveError, ShortageError, StaleError
from neupusti.orders.service.life import deciding, returning
from neupusti.orders.service.placing import Placed
from tests.orders import cast
from tests.orders.cast import BUYER, COURIER, PROOF, press
from tests.orders.test_returning import delivered

BUYERS = 12


def at_once(app: Flask, *calls: Callable[[], object]) -> list[object]:
    """Make each call in a thread of its own, all at once; return results or errors."""
    db.session.rollback()
    barrier, results = Barrier(len(calls)), list[object]()

    def work(call: Callable[[], object]) -> None:
        with app.app_context():
            barrier.wait()
            try:
                results.append(call())
            except Exception as error:  # noqa: BLE001 - judged by the test
                results.append(error)
            finally:
                db.session.remove()

    threads = [Thread(target=Context().run, args=(work, call)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def buyer(number: int) -> placing.Buyer:
    phone = f"+7701000{number:04}"
    return replace(BUYER, email=f"x{number}@example.kz", phone=phone)


@pytest.mark.situation(1)
def test_situation_01_the_last_pieces_are_sold_once(app: Flask) -> None:
    one, other = cast.product("a", 5), cast.product("b", 99)
    baskets = [
        cast.filled(*(((one, 1), (other, 1)) if n % 2 else ((other, 1), (one, 1))))
        for n in range(BUYERS)
    ]

    def order(n: int) -> Callable[[], Placed]:
        proof = replace(PROOF, network=str(n))
        return lambda: placing.place(baskets[n], buyer(n), COURIER, proof)

    results = at_once(app, *map(order, range(BUYERS)))
    sold = [found for found in results if isinstance(found, Placed)]
    refused = [error for error in results if isinstance(error, ShortageError)]
    assert (len(sold), len(refused)) == (5, BUYERS - 5), results
    assert all([x.left for x in error.lines] == [0] for error in refused)
    assert (cast.pieces_of(one), cast.pieces_of(other)) == (0, 94)
    assert cast.holds()


@pytest.mark.situation(3)
def test_situation_03_simultaneous_presses_are_one_order(app: Flask) -> None:
    product = cast.product("a")
    full = cast.filled((product, 2))

    def order() -> Placed:
        return placing.place(full, BUYER, COURIER, PROOF)

    results = at_once(app, *[order] * 4)
    placed = [found for found in results if isinstance(found, Placed)]
    assert len(placed) == 4, results
    assert len({found.number for found in placed}) == 1
    assert sorted(found.created for found in placed) == [False, False, False, True]
    assert db.session.scalar(select(func.count()).select_from(ShopOrder)) == 1
    assert len(cast.letters()) == 1
    assert cast.pieces_of(product) == 8
    assert cast.holds()


def test_of_two_presses_one_moves_the_order(app: Flask) -> None:
    product = cast.product("a")
    number = cast.placed((product, 3)).number
    seen = press(number)
    results = at_once(app, *[lambda: deciding.cancel(seen)] * 3)
    assert [type(x) for x in results if x is not None] == [StaleError] * 2
    assert cast.pieces_of(product) == 10
    assert cast.holds()


def test_goods_come_back_once_however_many_press(app: Flask) -> None:
    product = cast.product("a")
    number, line = delivered(product, 2)
    wish = returning.ask(press(number), {line: 2}, "")
    returning.answer(press(number), wish, accept=True)
    seen = press(number)
    results = at_once(app, *[lambda: returning.receive(seen, wish, {line: True})] * 3)
    assert results.count(None) == 1
    assert all(isinstance(x, StaleError | MoveError) for x in results if x is not None)
    assert cast.pieces_of(product) == 10
    assert cast.holds()


def test_placing_and_cancelling_do_not_lock_each_other(app: Flask) -> None:
    one, other = cast.product("a", 50), cast.product("b", 50)
    numbers = [
        cast.placed(
            (other, 1), (one, 1), buyer=buyer(n), proof=replace(PROOF, network=str(n))
        )
        for n in range(4)
    ]
    presses = [press(found.number) for found in numbers]
    fulls = [cast.filled((one, 1), (other, 1)) for _ in range(4)]

    def order(n: int) -> Callable[[], object]:
        proof = replace(PROOF, network=str(10 + n))
        return lambda: placing.place(fulls[n], buyer(10 + n), COURIER, proof)

    def cancel(n: int) -> Callable[[], object]:
        return lambda: deciding.cancel(presses[n])

    results = at_once(app, *map(order, range(4)), *map(cancel, range(4)))
    assert not [x for x in results if isinstance(x, Exception)]
    assert (cast.pieces_of(one), cast.pieces_of(other)) == (46, 46)
    assert cast.holds()
