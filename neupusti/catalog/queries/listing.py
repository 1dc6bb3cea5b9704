"""One page of goods: filtered, sorted, numbered to page 50 and by its last row beyond.

The price in force depends on today, and no index can. So a list by price is merged from
two index scans, of the goods with a deal in force by their deal price and of the others by
their ordinary one, each cut off where the page ends. A list by discount likewise.

A page is read in the order of an index that holds all that filters look at. The databases
would take an index of what is filtered, and sort all it finds: they do not know that most
goods are in a range of prices. So filters of a page are hidden from them.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    Subquery,
    and_,
    case,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from neupusti.catalog.models import Band, Product
from neupusti.catalog.queries.cards import Card, card, with_photo
from neupusti.core.data.database import db
from neupusti.core.text.languages import Language

SIZE = 24
MAX_PAGE = 50
"""The last page that has a number."""
COUNTED = SIZE * MAX_PAGE + 1
"""Filtered goods are counted so far and no further."""


class Sort(StrEnum):
    """The order of a list."""

    NEW = "new"
    CHEAPER = "cheaper"
    DEARER = "dearer"
    NAME = "name"
    DISCOUNT = "discount"

    @property
    def descending(self) -> bool:
        """Whether the largest value comes first."""
        return self in {Sort.NEW, Sort.DEARER, Sort.DISCOUNT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a visitor asks of a list."""

    categories: tuple[int, ...] = ()
    """Empty: all goods."""
    sort: Sort = Sort.NEW
    lowest: int | None = None
    """Tenge, of the price in force."""
    highest: int | None = None
    brand: str = ""
    deals: bool = False
    stock: bool = False
    page: int = 1
    after: int | None = None
    """The product after which the page begins, in place of a page number."""

    @property
    def filtered(self) -> bool:
        """Whether it asks for less than the whole list."""
        prices = self.lowest is not None or self.highest is not None
        return prices or bool(self.brand) or self.deals or self.stock


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list, and what it shows besides."""

    cards: tuple[Card, ...]
    total: int
    """How many goods the list has; COUNTED where it has that many or more."""
    more: bool
    """Whether goods follow on the next page."""

    @property
    def pages(self) -> int:
        """How many pages have a number."""
        return min(-(-self.total // SIZE), MAX_PAGE)


@dataclass(frozen=True, slots=True)
class _Scan:
    """Goods in the order of one index."""

    only: tuple[ColumnElement[bool], ...]
    price: SQLColumnExpression[Any]
    key: SQLColumnExpression[Any]
    begins: tuple[ColumnElement[bool], ...] = ()
    """Where the index begins to hold its goods."""


def listing(
    wanted: Wanted, today: date, language: Language, *, total: int | None
) -> Listing:
    """Return a page; `total` is the kept count of an unfiltered list."""
    scans = _scans(wanted, today, language)
    found = _found(wanted, scans, today)
    count = _count(wanted, today, language) if total is None else literal(total)
    rows = db.session.execute(
        with_photo(language)
        .add_columns(count)
        .join(found, found.c.id == Product.id)
        .order_by(*_ordered(wanted, found.c.key, found.c.id))
    ).all()
    shown = tuple(card(row[0], row[1], today, language) for row in rows[:SIZE])
    return Listing(shown, rows[0][2] if rows else 0, len(rows) > SIZE)


def brands(categories: tuple[int, ...]) -> list[str]:
    """Return the brands of published goods, by one step in the index for each."""

    def least(*conditions: ColumnElement[bool]) -> Select[Any]:
        found = select(func.min(Product.brand).label("brand"))
        return found.where(Product.published, *_of(categories), *conditions)

    first = least(Product.brand > "").cte("brands", recursive=True)
    following = least(Product.brand > first.c.brand).scalar_subquery()
    every = first.union_all(select(following).where(first.c.brand.is_not(None)))
    named = select(every.c.brand).where(every.c.brand.is_not(None))
    return list(db.session.scalars(named))


def _of(categories: tuple[int, ...]) -> list[ColumnElement[bool]]:
    if not categories:
        return []
    if len(categories) == 1:
        return [Product.category == categories[0]]
    return [Product.category.in_(categories)]


def _scans(wanted: Wanted, today: date, language: Language) -> list[_Scan]:
    """Return the scans whose union is the list, without the filters."""
    deal = Product.deal_until >= today
    ordinary = or_(Product.deal_until.is_(None), Product.deal_until < today)
    match wanted.sort:
        case Sort.CHEAPER | Sort.DEARER:
            keys = Product.deal_price, Product.price
        case Sort.DISCOUNT:
            keys = Product.deal_discount, Product.discount
        case _:
            by_name = wanted.sort is Sort.NAME
            key = getattr(Product, f"sort_{language}") if by_name else Product.id
            if wanted.deals:
                return [_Scan((deal,), Product.deal_price, key)]
            now = case((deal, Product.deal_price), else_=Product.price)
            return [_Scan((), now, key)]
    # Without a deal its price is NULL and its discount 0: the scan skips them by its key.
    scans = [
        _Scan((deal,), Product.deal_price, keys[0], (keys[0] > 0,)),
        _Scan((ordinary,), Product.price, keys[1]),
    ]
    return scans[:1] if wanted.deals else scans


def _prices(wanted: Wanted, scan: _Scan) -> list[ColumnElement[bool]]:
    conditions = []
    if wanted.lowest is not None:
        conditions.append(scan.price >= wanted.lowest)
    if wanted.highest is not None:
        conditions.append(scan.price <= wanted.highest)
    return conditions


def _filters(wanted: Wanted, scan: _Scan) -> list[ColumnElement[bool]]:
    """Return the conditions besides those of the price."""
    conditions = [*scan.only]
    if wanted.brand:
        conditions.append(Product.brand == wanted.brand)
    if wanted.stock:
        conditions.append(Product.band != Band.OUT.value)
    return conditions


def _hidden(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return all of the conditions as one that no index answers.

    Nor does PostgreSQL guess how few rows it leaves: it takes a bare one for half of them.
    """
    return case((and_(true(), *conditions), true()), else_=false())


def _ordered(wanted: Wanted, *keys: SQLColumnExpression[Any]) -> list[ColumnElement[Any]]:
    return [key.desc() if wanted.sort.descending else key.asc() for key in keys]


def _found(wanted: Wanted, scans: list[_Scan], today: date) -> Subquery:
    """Select the keys and numbers of the page and of one row more."""
    offset = 0 if wanted.after else (wanted.page - 1) * SIZE
    parts = [
        _part(wanted, scan, categories, today, scans).limit(offset + SIZE + 1)
        for scan in scans
        for categories in _each(wanted.categories)
    ]
    if len(parts) == 1:
        return parts[0].limit(SIZE + 1).offset(offset).subquery()
    merged = union_all(*(select(part.subquery()) for part in parts)).subquery()
    keys = _ordered(wanted, merged.c.key, merged.c.id)
    return select(merged).order_by(*keys).limit(SIZE + 1).offset(offset).subquery()


def _each(categories: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return a part for each category: an index orders the goods of one."""
    return [(number,) for number in categories] if categories else [()]


def _part(
    wanted: Wanted,
    scan: _Scan,
    categories: tuple[int, ...],
    today: date,
    scans: list[_Scan],
) -> Select[Any, int]:
    prices, filters = _prices(wanted, scan), _filters(wanted, scan)
    if scan.key is not scan.price:
        prices, filters = [], prices + filters
    part: Select[Any, int] = (
        select(scan.key.label("key"), Product.id.label("id"))
        .where(Product.published, *_of(categories), *scan.begins, *prices)
        .where(_hidden(*filters))
        .order_by(*_ordered(wanted, scan.key, Product.id))
    )
    if wanted.after is None:
        return part
    here = tuple_(scan.key, Product.id)
    last = tuple_(_key_of(wanted.after, scans, today), literal(wanted.after))
    return part.where(here < last if wanted.sort.descending else here > last)


def _key_of(number: int, scans: list[_Scan], today: date) -> ColumnElement[Any]:
    """Select the key by which a list sorts the product `number` today."""
    key = scans[-1].key
    if len(scans) > 1:
        key = case((Product.deal_until >= today, scans[0].key), else_=key)
    return select(key).where(Product.id == number).correlate(None).scalar_subquery()


def _count(wanted: Wanted, today: date, language: Language) -> ColumnElement[int]:
    """Count the filtered goods, as far as pages have numbers; by price: an index has it."""
    every = union_all(
        *(
            select(
                select(Product.id)
                .where(Product.published, *_of(wanted.categories), *scan.begins)
                .where(*_prices(wanted, scan), *_filters(wanted, scan))
                .limit(COUNTED)
                .subquery()
            )
            for scan in _scans(replace(wanted, sort=Sort.CHEAPER), today, language)
        )
    ).subquery()
    limited = select(every).limit(COUNTED).subquery()
    return select(func.count()).select_from(limited).scalar_subquery()
