"""Lists of orders: the buyer's own, and the board of staff."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.text import collation, order_numbers
from neupusti.core.text.order_numbers import OrderNumberError
from neupusti.orders.models.fulfilment import WAITING, GoodsReturn
from neupusti.orders.models.order import OrderLine, OrderState, ShopOrder
from neupusti.orders.models.states import Status, Word
from neupusti.orders.queries import details
from neupusti.orders.queries.details import ENDS, Sums

PHONE_END = 4
RETURNING = select(GoodsReturn.order).where(GoodsReturn.state.in_(WAITING))
"""The orders of which a return waits."""
BETWEEN_DIGITS = str.maketrans("", "", "+-() \u00a0")
"""What a phone is written with beside its digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One order in a list."""

    order: ShopOrder
    sums: Sums
    returning: bool = False
    """On the board: whether a return waits for its answer or for its goods."""

    @property
    def status(self) -> Status:
        """What people read."""
        return self.sums.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What the board shows; empty fields restrict nothing."""

    search: str = ""
    """A number, the beginning of the names (case and ё do not matter), or the phone's last
    four digits."""
    word: Word | None = None
    delivery: str = ""
    payment: str = ""
    since: date | None = None
    until: date | None = None


def of_person(person: int, *, page: int = 1, size: int = 20) -> tuple[list[Item], int]:
    """Return the orders of a person, newest first, and how many there are."""
    rows = select(ShopOrder).where(ShopOrder.person == person)
    return _page(rows.order_by(ShopOrder.id.desc()), page, size)


def open_numbers(person: int) -> list[str]:
    """Return the numbers of the open orders of a person, the oldest first."""
    rows = select(ShopOrder.number).where(
        ShopOrder.person == person, ShopOrder.ended_at.is_(None)
    )
    return list(db.session.scalars(rows.order_by(ShopOrder.id)))


def board(wanted: Filter, *, page: int = 1, size: int = 50) -> tuple[list[Item], int]:
    """Return the orders of the board, open ones first and the oldest of them on top.

    So is one of which a return waits. Those at their end follow, the newest first.
    """
    rows = select(ShopOrder).where(*_conditions(wanted))
    if wanted.word is not None:
        rows = rows.where(_of_word(wanted.word))
    is_done = and_(ShopOrder.ended_at.is_not(None), ShopOrder.id.not_in(RETURNING))
    order = (
        is_done,
        case((is_done, ShopOrder.ended_at)).desc(),
        ShopOrder.placed_at,
        ShopOrder.id,
    )
    items, count = _page(rows.order_by(*order), page, size)
    numbers = [item.order.id for item in items]
    waits = set(db.session.scalars(RETURNING.where(GoodsReturn.order.in_(numbers))))
    return [replace(item, returning=item.order.id in waits) for item in items], count


def counts() -> dict[Word, int]:
    """Return how many orders are not at their end, by the word people read."""
    found: dict[Word, int] = defaultdict(int)
    for item in _open():
        found[item.status.word] += 1
    return dict(found)


def count_new() -> int:
    """Return how many orders wait for a decision."""
    return _count(select(ShopOrder.id).where(ShopOrder.state == OrderState.NEW.value))


def count_due() -> int:
    """Return how many invoices are waited for."""
    return _count(select(ShopOrder.id).where(ShopOrder.due_at.is_not(None)))


def count_returns() -> int:
    """Return how many returns wait for an answer or for their goods."""
    return _count(select(GoodsReturn.id).where(GoodsReturn.state.in_(WAITING)))


def _count(rows: Select[int]) -> int:
    return db.session.scalar(select(func.count()).select_from(rows.subquery())) or 0


def _open() -> list[Item]:
    rows = list(db.session.scalars(select(ShopOrder).where(ShopOrder.ended_at.is_(None))))
    return _items(rows)


def _of_word(word: Word) -> ColumnElement[bool]:
    """Return the condition that people read `word`.

    It is computed of several tables: the open orders are few enough to compute it for each;
    of those at their end it follows from the counters.
    """
    open_ = ShopOrder.id.in_(
        [item.order.id for item in _open() if item.status.word is word]
    )
    if word not in ENDS:
        return open_
    cancelled = ShopOrder.state == OrderState.CANCELLED.value
    kept = (
        select(func.sum(OrderLine.quantity - OrderLine.cancelled - OrderLine.returned))
        .where(OrderLine.order == ShopOrder.id)
        .scalar_subquery()
    )
    at_end = {
        Word.CANCELLED: cancelled,
        Word.RETURNED: and_(~cancelled, kept == 0),
        Word.DELIVERED: and_(~cancelled, kept > 0),
    }
    return or_(open_, and_(ShopOrder.ended_at.is_not(None), at_end[word]))


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.search:
        found.append(_matching(wanted.search))
    if wanted.delivery:
        found.append(ShopOrder.delivery == wanted.delivery)
    if wanted.payment:
        found.append(ShopOrder.payment == wanted.payment)
    if wanted.since:
        found.append(ShopOrder.placed_at >= clock.midnight(wanted.since))
    if wanted.until:
        end = clock.midnight(wanted.until + timedelta(days=1))
        found.append(ShopOrder.placed_at < end)
    return found


def _matching(text: str) -> ColumnElement[bool]:
    try:
        return ShopOrder.number == order_numbers.parse(text)
    except OrderNumberError:
        words = collation.folded(text)
    digits = words.translate(BETWEEN_DIGITS)
    if digits.isascii() and digits.isdigit():
        return ShopOrder.phone_end == digits[-PHONE_END:]
    return ShopOrder.search.startswith(words, autoescape=True)


def _page(rows: Select[ShopOrder], page: int, size: int) -> tuple[list[Item], int]:
    # Sorted are numbers alone: whole rows would take PostgreSQL thrice as long.
    numbers = rows.with_only_columns(ShopOrder.id)
    shown = numbers.limit(size).offset((page - 1) * size)
    found = db.session.scalars(rows.where(ShopOrder.id.in_(shown))).all()
    return _items(found), _count(numbers.order_by(None))


def _items(orders: Sequence[ShopOrder]) -> list[Item]:
    found = details.sums(db.session(), orders) if orders else {}
    return [Item(order=order, sums=found[order.id]) for order in orders]
