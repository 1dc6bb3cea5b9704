"""An order of two lines, against one commit and against its statements alone."""

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from statistics import median
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Executable, Table, event, insert, text
from sqlalchemy.sql.dml import Insert

from bench.pages import Figure
from neupusti.core.data.database import db, writing
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service import placing
from tests.orders import buying, cast

PLENTY = 1_000_000
PAIRS, PAIRS_OF_PRODUCT = 160, 40
UNIQUE = {"digest", "key", "number", "submission"}
Statement = tuple[Executable, Table | None, list[dict[str, Any]]]
"""What is executed, the table it inserts into, its rows."""


def placed(name: str) -> Figure:
    """Compare an order of two lines with one durable commit of one row."""
    with writing() as session:
        session.execute(text("CREATE TABLE bench_row (number integer)"))
    orders, commits, alone = [], [], []
    products = _products()
    placing_seconds(PAIRS, *products)  # no text of a consent is new from now on
    statements = _of_an_order(*products)
    for pair in range(PAIRS):
        if pair % PAIRS_OF_PRODUCT == 0:
            products = _products()
        orders.append(placing_seconds(pair, *products))
        commits.append(_seconds(_one_row))
        alone.append(_seconds(lambda connection: _repeat(connection, statements)))
    middle = [median(one) * 1000 for one in (orders, commits, alone)]
    print(f"{name}, medians of {PAIRS}: order {middle[0]:.1f} ms, commit {middle[1]:.1f}, "
          f"the {len(statements)} statements of an order alone {middle[2]:.1f}, "
          f"which is {_ratio(alone, commits):.1f} commits")  # fmt: skip
    over = _ratio(orders, commits)
    return Figure(f"{name}, order of 2 lines over one commit", over, "", most=6)


def _ratio(ones: list[float], others: list[float]) -> float:
    return median(one / other for one, other in zip(ones, others, strict=True))


def placing_seconds(number: int, *products: int) -> float:
    """Return the seconds that `place` takes for a buyer of one piece of each product."""
    full = cast.filled(*((product, 1) for product in products))
    email, phone = f"pair{number}@example.kz", f"+7702{number:07}"
    buyer = replace(cast.BUYER, email=email, phone=phone)
    proof = replace(cast.PROOF, network=f"pair {number}")
    begun = time.perf_counter()
    placing.place(full, buyer, cast.COURIER, proof)
    return time.perf_counter() - begun


def _products() -> list[int]:
    return [buying.product(pieces=PLENTY) for _ in range(2)]


def _one_row(connection: Connection) -> None:
    connection.execute(text("INSERT INTO bench_row VALUES (1)"))


def _seconds(act: Callable[[Connection], None]) -> float:
    begun = time.perf_counter()
    with writing() as session:
        act(session.connection())
    return time.perf_counter() - begun


def _of_an_order(*products: int) -> list[Statement]:
    """Place an order; return its statements as the library alone would execute them."""
    seen: list[Statement] = []

    @event.listens_for(db.engine, "before_cursor_execute")
    def see(*arguments: Any) -> None:
        context = arguments[4]
        if context.compiled is None:
            return
        rows = [dict(row) for row in context.compiled_parameters]
        statement = context.compiled.statement
        if not isinstance(statement, Insert):
            seen.append((statement, None, rows))
            return
        table = db.metadata.tables[statement.table.name]
        plain = insert(table)
        if context.compiled.effective_returning:
            plain = plain.returning(*table.primary_key)
        if "photo" in table.c:  # which a query inside the statement finds
            plain = plain.values(photo="")
        columns = {column.name for column in table.columns if column.name != "id"}
        own = [{name: row[name] for name in columns & row.keys()} for row in rows]
        seen.append((plain, table, own))

    full = cast.filled(*((product, 1) for product in products))
    seen.clear()
    placing.place(full, cast.BUYER, cast.COURIER, cast.PROOF)
    event.remove(db.engine, "before_cursor_execute", see)
    return seen


_sources = count(-1, -1)


def _repeat(connection: Connection, statements: list[Statement]) -> None:
    """Execute the statements of an order again, for another order."""
    order: int | None = None
    for statement, table, given in statements:
        rows = [_renewed(row, order) for row in given] if table is not None else given
        result = connection.execute(statement, rows if len(rows) > 1 else rows[0])
        if result.returns_rows:
            found = result.all()
            order = found[0][0] if table is ShopOrder.__table__ else order


def _renewed(row: dict[str, Any], order: int | None) -> dict[str, Any]:
    """Return a row for another order: what may be there only once is new."""
    fresh: dict[str, Any] = {"order": order, "source": next(_sources)}
    own = {name: fresh[name] for name in fresh.keys() & row.keys()}
    unique = {name: uuid4().hex[: len(row[name])] for name in UNIQUE & row.keys()}
    return row | own | unique
