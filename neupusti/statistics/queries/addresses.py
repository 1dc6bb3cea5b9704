"""Query addresses: the busiest ones, and the requests of one of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, text

from neupusti.access import calendar
from neupusti.access.counters import SUMS
from neupusti.access.models import Address, Record
from neupusti.statistics.queries.days import MOST_NAMES, first, together, tops
from neupusti.statistics.queries.period import Period

MAX_DEPTH = 5000
MAX_DAYS = 100
OF_DAY = "SELECT ip AS value, requests FROM access_address WHERE day = days.value"


@dataclass(frozen=True, slots=True)
class ListedAddress:
    """An address in a list: its figures, and a row of the log that identifies it."""

    ip: str
    requests: int
    visitors: int
    bytes: int
    errors: int
    record: int | None = None


def busiest(
    connection: Connection,
    period: Period,
    limit: int,
    *,
    offset: int = 0,
    order: str = "requests",
) -> list[ListedAddress]:
    """Return the addresses with the most requests (or errors) of a period.

    The top rows of each day suffice: see `Rollups.top`.
    """
    wanted = limit + offset
    days = [calendar.after(period.first, at) for at in range(period.days)]
    depth = wanted * 4
    while order == "requests" and depth <= MAX_DEPTH and len(days) <= MAX_DAYS:
        [listed] = tops(connection, OF_DAY, [""], days, depth).values()
        names, bound = first(listed, depth, wanted)
        if len(names) > MOST_NAMES:
            break
        found = _ordered(connection, period, order, names)
        if bound == 0 or (len(found) >= wanted and found[wanted - 1].requests >= bound):
            return _with_records(connection, found[offset:wanted], period)
        depth *= 4
    found = _ordered(connection, period, order, None, wanted)
    return _with_records(connection, found[offset:], period)


def _ordered(
    connection: Connection,
    period: Period,
    order: str,
    names: set[str] | None,
    limit: int | None = None,
) -> list[ListedAddress]:
    sums = [func.sum(getattr(Address, name)).label(name) for name in SUMS]
    query = (
        select(Address.ip, *sums)
        .where(Address.day.between(period.first, period.last))
        .group_by(Address.ip)
        .order_by(text(f"{order} DESC"), Address.ip)
        .limit(limit)
    )
    if names is not None:
        query = query.where(Address.ip.in_(sorted(names)))
    if order == "errors":
        query = query.having(func.sum(Address.errors) > 0)
    rows = connection.execute(query)
    return [
        ListedAddress(row.ip, *(int(getattr(row, name)) for name in SUMS)) for row in rows
    ]


def _with_records(
    connection: Connection, listed: Sequence[ListedAddress], period: Period
) -> list[ListedAddress]:
    """Return the addresses, each with its newest row of the period."""
    found = together(
        connection,
        {
            one.ip: select(Record.id)
            .where(Record.ip == one.ip, Record.at >= period.start, Record.at < period.end)
            .order_by(Record.at.desc())
            .limit(1)
            for one in listed
        },
    )
    return [
        replace(one, record=next((row.id for row in found[one.ip]), None)) for one in listed
    ]


def address_of(connection: Connection, record: int) -> tuple[str, datetime] | None:
    """Return the address and the time of a row, or None if it is destroyed."""
    row = connection.execute(
        select(Record.ip, Record.at).where(Record.id == record).limit(1)
    ).first()
    return (row.ip, row.at) if row else None


def days_of(connection: Connection, ip: str) -> list[Any]:
    """Return the days on which an address made requests, newest first."""
    return list(
        connection.execute(
            select(Address.day, Address.requests, Address.errors, Address.bytes)
            .where(Address.ip == ip)
            .order_by(Address.day.desc())
        )
    )


def timeline(
    connection: Connection, ip: str, since: datetime, offset: int, limit: int
) -> list[Any]:
    """Return the requests of an address since a moment, newest first."""
    return list(
        connection.execute(
            select(Record)
            .where(Record.ip == ip, Record.at >= since)
            .order_by(Record.at.desc(), Record.id.desc())
            .limit(limit)
            .offset(offset)
        )
    )
