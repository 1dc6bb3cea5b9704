"""Pagination of long lists."""

import re
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import click
from sqlalchemy import Select, func, select

from neupusti.core.data.database import db

T = TypeVar("T")
SIZE = 50
LARGEST = 2**31 - 1
"""The largest id of a row; PostgreSQL refuses to compare with a larger number."""
ROW = f"<int(max={LARGEST}):number>"
"""The URL converter for the id of a row."""
NUMBER = click.IntRange(1, LARGEST)
"""The type of an option or argument of a command that is the id of a row."""
DIGITS = re.compile(r"[0-9]{1,10}")
MAX_PAGE = 100_000
"""The highest page number that is accepted."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list."""

    rows: list[T]
    page: int
    pages: int
    total: int


def paginate(wanted: Select[Any], page: int, *, size: int = SIZE) -> Page[Any]:
    """Return page `page` of the rows of an ordered select, or the nearest one."""
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
    """Return the page number of a query parameter; 1 if it is invalid."""
    return min(max(whole(text) or 1, 1), MAX_PAGE)


def whole(text: str | None) -> int | None:
    """Return the whole number in `text`, ASCII digits only; None above LARGEST too."""
    found = int(text) if text and DIGITS.fullmatch(text) else None
    return found if found is not None and found <= LARGEST else None
