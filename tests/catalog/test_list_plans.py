"""Lists are read from one index in their order: what is filtered is in it too."""

import re
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from neupusti.catalog.queries.listing import Sort, Wanted, listing
from neupusti.core.data.database import db
from neupusti.core.text.languages import Language
from tests.catalog import goods
from tests.catalog.lists import TODAY

ORDERS = {
    Sort.NEW: ("id",),
    Sort.CHEAPER: ("deal_price", "price"),
    Sort.DEARER: ("deal_price", "price"),
    Sort.NAME: ("sort_kk",),
    Sort.DISCOUNT: ("deal_discount", "discount"),
}
"""By what an index sorts; first the one of goods with a deal in force."""
FILTERS: tuple[dict[str, Any], ...] = (
    {"lowest": 2000, "highest": 90000},
    {"brand": "Айгуль"},
    {"stock": True},
    {"lowest": 2000, "brand": "Айгуль", "stock": True},
    {"deals": True, "highest": 90000},
)
READ = re.compile(r"(?:COVERING INDEX|Index Only Scan.* using) "
                  r"ix_product_(?:category_)?published_(\w+)")  # fmt: skip
OTHER_WAYS = ("seqscan", "bitmapscan", "sort", "incremental_sort")
"""What PostgreSQL would do with few rows, and not with many."""


@pytest.mark.parametrize("sort", list(Sort))
def test_a_filtered_list_is_read_in_its_order_from_an_index(app: Flask, sort: Sort) -> None:
    goods.clear()
    tea = goods.category("tea")
    goods.many(tea, {"a": {"price": 5000}, "b": {"price": 4000}})
    settle()
    for categories, filters in product(((), (tea,)), FILTERS):
        wanted = Wanted(categories=categories, sort=sort, **filters)
        lines = plan(wanted)
        read = {one[1] for line in lines if (one := READ.search(line))}
        orders = ORDERS[sort][:1] if wanted.deals else ORDERS[sort]
        assert read >= {*orders}, "\n".join(lines)


def settle() -> None:
    """Let PostgreSQL note that its indexes hold what the rows do, as it does in time."""
    db.session.rollback()
    if db.engine.dialect.name == "postgresql":
        by_itself = db.engine.execution_options(isolation_level="AUTOCOMMIT")
        with by_itself.connect() as connection:
            connection.execute(text("VACUUM ANALYZE product"))


def plan(wanted: Wanted) -> list[str]:
    """Return the lines of the plan of a list's statement."""
    sent: list[tuple[str, Any]] = []

    def noted(*args: Any) -> None:
        sent.append((args[2], args[3]))

    event.listen(db.engine, "before_cursor_execute", noted)
    listing(wanted, TODAY, Language.KK, total=None)
    event.remove(db.engine, "before_cursor_execute", noted)
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sent[-1][0]}", sent[-1][1])
        return [row[3] for row in rows]
    for way in OTHER_WAYS:
        connection.execute(text(f"SET LOCAL enable_{way} = off"))
    explained = connection.exec_driver_sql(f"EXPLAIN {sent[-1][0]}", sent[-1][1])
    return [row[0] for row in explained]
