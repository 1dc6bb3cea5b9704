"""Query the stored findings of a period (3.3.2)."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from neupusti.access import calendar
from neupusti.access.ingest.findings.identity import (
    finding_key,
    mask_address,
    network_of,
)
from neupusti.access.ingest.findings.kinds import Kind, Scope
from neupusti.access.models import Address, Finding, Record, Salt, Total
from neupusti.core import clock
from neupusti.statistics.queries.errors import SERVER_ERROR
from neupusti.statistics.queries.period import Period

MAX_ADDRESSES = 500
"""Addresses of one finding whose requests are shown: the busiest."""


def found(connection: Connection, period: Period, limit: int) -> list[Any]:
    """Return the findings that touch a period, the gravest and then the busiest first.

    What was given out stands before everything else.
    """
    query = (
        select(Finding)
        .where(*_touching(period))
        .order_by(
            Finding.severity.desc(),
            (Finding.kind == Kind.EXPOSED).desc(),
            Finding.requests.desc(),
            Finding.day,
            Finding.key,
        )
        .limit(limit)
    )
    return list(connection.execute(query))


def count(connection: Connection, period: Period, severity: int = 0) -> int:
    """Return how many findings of at least this severity touch a period."""
    query = select(func.count()).select_from(Finding)
    query = query.where(*_touching(period), Finding.severity >= severity)
    return int(connection.execute(query).scalar_one())


def one(connection: Connection, day: date, key: str) -> Any:
    """Return a finding, or None."""
    query = select(Finding).where(Finding.day == day, Finding.key == key)
    return connection.execute(query).first()


def errors_by_day(connection: Connection, days: Iterable[date]) -> dict[date, int]:
    """Return the number of errors of each of `days`."""
    starts = {clock.midnight(day): day for day in days}
    columns = [getattr(Total, name) for name in ("client_errors", "server_errors")]
    query = select(Total.start, *columns).where(
        Total.unit == "day", Total.start.in_(starts)
    )
    rows = connection.execute(query)
    return {starts[start]: client + server for start, client, server in rows}


def addresses(connection: Connection, finding: Any) -> list[Any]:
    """Return the addresses a finding is about, as far as they are kept, busiest first.

    Only digests of them are stored, so those of its network are tried one by one.
    """
    query = (
        select(Address.ip, Address.requests, Address.errors)
        .where(Address.day == finding.day)
        .order_by(Address.requests.desc(), Address.ip)
    )
    if finding.scope not in {Scope.ADDRESS, Scope.NETWORK}:
        return list(connection.execute(query.where(Address.finding == finding.key)))
    salt = connection.execute(select(Salt.salt).where(Salt.day == finding.day)).scalar()
    if salt is None:
        return []
    # The masked network as a prefix of text: too many, never too few.
    near = Address.ip.startswith(finding.network.rstrip("0").rstrip(":"), autoescape=True)
    return [
        row
        for row in connection.execute(query.where(near))
        if mask_address(row.ip) == finding.network
        and finding.key == finding_key(
            Kind(finding.kind), Scope(finding.scope),
            row.ip if finding.scope == Scope.ADDRESS else network_of(row.ip), salt,
        )
    ]  # fmt: skip


def requests(
    connection: Connection, finding: Any, ips: list[str], offset: int, limit: int
) -> list[Any]:
    """Return the requests of a finding, newest first: those of its addresses that day.

    Of a file or the site they are the requests for it, or those that failed.
    """
    day = Record.at >= clock.midnight(finding.day)
    within = (Record.at >= finding.first) & (Record.at <= finding.last)
    match Scope(finding.scope):
        case Scope.PATH:
            wanted = within & (Record.path == finding.evidence)
        case Scope.SITE:
            wanted = within & (Record.status >= SERVER_ERROR)
        case _:
            until = Record.at < clock.midnight(calendar.after(finding.day))
            wanted = ((day & until) | within) & Record.ip.in_(ips[:MAX_ADDRESSES])
    newest = select(Record).where(wanted).order_by(Record.at.desc(), Record.id.desc())
    return list(connection.execute(newest.offset(offset).limit(limit)))


def _touching(period: Period) -> tuple[ColumnElement[bool], ...]:
    # A finding is of the day on which it was made; it may begin on the day before.
    last = calendar.after(period.last)
    return (
        Finding.day.between(period.first, last),
        Finding.last >= period.start,
        Finding.first < period.end,
    )
