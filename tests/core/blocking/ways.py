"""Ways to read and to write the rows of a guest who is blocked, beside one who is not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.orm import Session, aliased

from neupusti.core.data.database import db
from neupusti.core.data.reading import reading
from neupusti.orders.models.order import OrderLine, ShopOrder
from tests.people import BOLAT, GUEST

ORDERS: Any = ShopOrder.__table__
LINES: Any = OrderLine.__table__
OTHER = aliased(ShopOrder)
Read = Callable[[Session], set[str]]
Write = Callable[[Session, int, int], Any]
"""With the number of the blocked order, and that of another."""


@contextmanager
def in_use() -> Iterator[Session]:
    """Read as staff and jobs do."""
    db.session.remove()
    with reading(in_use=True):
        yield db.session()
    db.session.remove()


def _addresses(session: Session, query: Any) -> set[str]:
    return set(session.scalars(query))


READS: dict[str, Read] = {
    "entities": lambda s: {row.email for row in s.scalars(select(ShopOrder))},
    "a column": lambda s: _addresses(s, select(ShopOrder.email)),
    "by number": lambda s: {
        row.email for n in range(1, 3) if (row := s.get(ShopOrder, n)) is not None
    },
    "a count over select_from": lambda s: (
        {BOLAT.email}
        if s.scalar(select(func.count()).select_from(ShopOrder)) == 1
        else {"more"}
    ),
    "an alias": lambda s: _addresses(s, select(OTHER.email)),
    "a scalar subquery": lambda s: _addresses(
        s,
        select(select(func.max(ShopOrder.email)).scalar_subquery()),
    ),
    "a union": lambda s: _addresses(
        s, union_all(select(ShopOrder.email), select(OTHER.email))
    ),
    "a common table expression": lambda s: _addresses(
        s, select(select(ShopOrder.email).cte("them").c.email)
    ),
    "the Core table": lambda s: _addresses(s, select(ORDERS.c.email)),
    "a join from its lines": lambda s: _addresses(
        s, select(ShopOrder.email).join(OrderLine, OrderLine.order == ShopOrder.id)
    ),
    "exists": lambda s: (
        _addresses(
            s,
            select(literal(GUEST.email)).where(
                exists(select(ShopOrder.id).where(ShopOrder.email == GUEST.email))
            ),
        )
        | {BOLAT.email}
    ),
    "lines through their order": lambda s: (
        {BOLAT.email} if len(s.scalars(select(OrderLine)).all()) == 1 else {"more"}
    ),
    "text": lambda s: _addresses(s, text("SELECT email FROM shop_order")),
}


def _taking_over(session: Session, blocked: int, _other: int) -> None:
    """Give the number of the blocked order to a row of somebody else."""
    columns = ", ".join(f'"{c.name}"' for c in ORDERS.columns if c.name != "id")
    values = columns.replace('"submission"', "'x'").replace('"number"', "'x'")
    values = values.replace('"email_key"', "'x'")
    replace = f"(id, {columns}) SELECT {blocked}, {values} FROM shop_order"  # noqa: S608
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text(f"INSERT OR REPLACE INTO shop_order {replace}"))
    else:
        conflict = "ON CONFLICT (id) DO UPDATE SET email_key = 'x'"
        session.execute(text(f"INSERT INTO shop_order {replace} {conflict}"))


def _emptying(session: Session, _blocked: int, _other: int) -> None:
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    empty = "DELETE FROM shop_order" if on_sqlite else "TRUNCATE shop_order CASCADE"
    session.execute(text(empty))


def _entity(session: Session, blocked: int, _other: int) -> None:
    session.get_one(ShopOrder, blocked).comment = "x"
    session.flush()


def _entity_gone(session: Session, blocked: int, _other: int) -> None:
    session.delete(session.get_one(ShopOrder, blocked))
    session.flush()


def _line(session: Session, blocked: int, other: int) -> None:
    line = session.execute(select(LINES).where(LINES.c.order == other)).mappings().one()
    session.execute(insert(LINES).values({**line, "id": 99, "order": blocked}))


WRITES: dict[str, Write] = {
    "an entity": _entity,
    "an entity that is deleted": _entity_gone,
    "an update": lambda s, _b, _o: s.execute(update(ShopOrder).values(comment="x")),
    "a delete": lambda s, b, _o: s.execute(delete(ORDERS).where(ORDERS.c.id == b)),
    "raw SQL": lambda s, b, _o: s.execute(
        text("UPDATE shop_order SET comment = 'x' WHERE id = :id"), {"id": b}
    ),
    "a row that becomes theirs": lambda s, _b, o: s.execute(
        update(ORDERS).where(ORDERS.c.id == o).values(email_key=GUEST.email)
    ),
    "a row that becomes another's": lambda s, b, _o: s.execute(
        update(ORDERS).where(ORDERS.c.id == b).values(email_key=BOLAT.email)
    ),
    "a new row of theirs": _line,
    "a row that takes over": _taking_over,
    "everything at once": _emptying,
}
