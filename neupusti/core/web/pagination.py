"""A long list, one page of it at a time."""

import re
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select

from neupusti.core.data.database import db

T = TypeVar("T")
SIZE = 50
LARGEST = 2**31 - 1
"""The largest number a row may have; PostgreSQL refuses even to look for a larger one."""
ROW = f"<int(max={LARGEST}):number>"
"""The number of a row in an address."""
DIGITS = re.compile(r"[0-9]{1,10}")
FARTHEST = 100_000
"""No page number beyond this is looked at."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list."""

    rows: list[T]
    page: int
    pages: int
    total: int


def paginate(wanted: Select[Any], page: int, *, size: int = SIZE) -> Page[Any]:
    """Return page `page` of the rows of an ordered select; the nearest there is."""
    total = (
        db.session.scalar(
            select(func.count()).select_from(wanted.order_by(None).subquery())
        )
        or 0
    )
    pages = max(1, -(-total // size))
    page = min(max(page, 1), pages)
    rows = db.session.scalars(wanted.limit(size).offset((page - 1) * size))
    return Page(list(rows), page, pages, total)


def number(text: str | None) -> int:
    """Return the page that an address asks for; 1 for anything that is no page."""
    return min(max(whole(text) or 1, 1), FARTHEST)


def whole(text: str | None) -> int | None:
    """Return the whole number that `text` writes in plain digits, or None."""
    return int(text) if text and DIGITS.fullmatch(text) else None
