"""Store what is found among new requests, in the transaction of their rows.

An address that a finding makes a scanner counts as one for all of that day: its new
requests at once, and those before are moved.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, event, select

from neupusti.access.ingest import recounting, store
from neupusti.access.ingest.agents import parse_agent
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.ingest.findings import scenarios
from neupusti.access.ingest.findings.identity import (
    finding_key,
    mask_address,
    pseudonym,
)
from neupusti.access.ingest.findings.judge import Judge, Who
from neupusti.access.ingest.findings.kinds import Scope, severity
from neupusti.access.ingest.findings.verdict import (
    MAX_EVIDENCE,
    Addition,
    Place,
    Verdict,
)
from neupusti.access.ingest.recalling import Recall
from neupusti.access.models import Address, Finding, Record, Salt, millis, moment
from neupusti.access.recording.line import Entry

MAX_EARLIER = 50_000
"""Requests that a new judge reads of those before its first one."""
EARLIER = ("at", "ip", "method", "path", "status", "user_agent")


def write(
    connection: Connection,
    entries: list[Entry],
    enrichment: Enrichment,
    recall: Recall | None = None,
) -> None:
    """Write `entries`, their counts and what is found among them.

    `recall` is for those of days that a sweep has been at.
    """
    judge, verdict = enrichment.judge, Verdict()
    event.listen(connection, "rollback", lambda _: judge.detector.reset())
    is_fresh = judge.detector.fresh
    prepare(connection, judge, entries[:1], {entry.day for entry in entries})
    if entries and connection.dialect.name == "postgresql":
        _hear(connection, judge, entries, since=None if is_fresh else judge.newest)
    others, theirs = judge.split(entries, verdict)
    batches = enrichment.batch(others), enrichment.batch(theirs, judge.scanners)
    if recall is not None:
        recall.recall(connection, batches)
    store.write(connection, *batches)
    save(connection, verdict)
    if entries and connection.dialect.name == "postgresql":
        judge.newest = _newest(connection)


def _hear(
    connection: Connection, judge: Judge, entries: list[Entry], *, since: int | None
) -> None:
    """Tell the judge what other machines have written `since` its own newest row.

    So each judges the requests of all, and an attack that a proxy deals out to several is
    found as by one. What is far in time from `entries` is of no bucket of theirs.
    """
    first, last = entries[0].at, entries[-1].at + scenarios.LONGEST_MS
    if since is None:
        judge.heard, first = [], first + scenarios.LONGEST_MS
    if since != _newest(connection):
        unseen: ColumnElement[bool] = Record.at.between(
            moment(first - scenarios.LONGEST_MS), moment(last)
        )
        if since is not None:
            unseen &= Record.id > since
        judge.heard += _entries(connection, unseen)
        judge.keys |= _keys(connection, {entry.day for entry in entries})
    judge.heard = [one for one in judge.heard if one.at <= last]


def _newest(connection: Connection) -> int:
    """Return the number of the newest row of all machines; their turns are in order."""
    query = "SELECT last_value FROM access_record_id"
    return int(connection.exec_driver_sql(query).scalar_one())


def prepare(
    connection: Connection, judge: Judge, first: list[Entry], days: Iterable[str] | None
) -> None:
    """Tell the judge what is stored of `days` (None: of all), and right before `first`."""
    dates = None if days is None else [date.fromisoformat(day) for day in days]
    salts = select(Salt.day, Salt.salt)
    if dates is not None:
        salts = salts.where(Salt.day.in_(dates))
    judge.salts = {row.day.isoformat(): row.salt for row in connection.execute(salts)}
    if judge.detector.fresh:
        # Later ones are the judge's own; those of another process are merged in `save`.
        judge.keys = _keys(connection, days)
    judge.scanners = _marked(connection, dates)
    if first and judge.detector.fresh:
        at = first[0].at
        recent = Record.at >= moment(at - scenarios.LONGEST_MS)
        judge.look_back(_entries(connection, recent & (Record.at < moment(at))))


def _keys(connection: Connection, days: Iterable[str] | None) -> set[tuple[str, str]]:
    """Return day and key of the findings of some days (None: of all)."""
    found = select(Finding.day, Finding.key)
    if days is not None:
        found = found.where(Finding.day.in_([date.fromisoformat(day) for day in days]))
    return {(row.day.isoformat(), row.key) for row in connection.execute(found)}


def _marked(connection: Connection, dates: list[date] | None) -> dict[Who, str]:
    """Return the scanners of some days (None: of all), and the kinds of their findings."""
    marked = select(Address.day, Address.ip, Address.finding).where(Address.finding != "")
    if dates is not None:
        marked = marked.where(Address.day.in_(dates))
    return {
        (row.day.isoformat(), row.ip): row.finding.partition(".")[0]
        for row in connection.execute(marked)
    }


def _entries(connection: Connection, stored: ColumnElement[bool]) -> list[Entry]:
    rows = connection.execute(
        select(*(getattr(Record, name) for name in EARLIER))
        .where(stored)
        .order_by(Record.at.desc())
        .limit(MAX_EARLIER)
    )
    return [
        Entry(
            at=millis(row.at), ip=row.ip, method=row.method, path=row.path,
            status=row.status, bytes=0, user_agent=row.user_agent or "",
        )
        for row in rows
    ]  # fmt: skip


def save(connection: Connection, verdict: Verdict) -> None:
    """Store the findings of a verdict, whose requests are written, and move scanners."""
    places = verdict.additions.keys()
    if not places:
        return
    days = {place[0] for place in places} | {day for day, _ in verdict.scanners}
    salts = store.salts(connection, days)
    dates = [date.fromisoformat(day) for day in days]
    there = connection.execute(select(Finding).where(Finding.day.in_(dates)))
    old = {(row.day.isoformat(), row.key): row for row in there}
    rows = [
        _row(place, addition, salts[place[0]], old)
        for place, addition in verdict.additions.items()
    ]
    store.save_findings(connection, rows)
    marked = _marked(connection, dates)
    new = {who: place for who, place in verdict.scanners.items() if who not in marked}
    store.mark_scanners(
        connection, [(_key(place, salts[place[0]]), *who) for who, place in new.items()]
    )
    recounting.move(connection, {who: place[1].value for who, place in new.items()}, salts)


def _key(place: Place, salt: bytes) -> str:
    _, kind, scope, who = place
    return finding_key(kind, scope, who, salt)


def _row(
    place: Place, addition: Addition, salt: bytes, known: dict[tuple[str, str], Any]
) -> dict[str, Any]:
    """Return the row of a finding: what was known and what is added."""
    day, kind, scope, who = place
    key = _key(place, salt)
    old = known.get((day, key))
    own = who if scope in {Scope.ADDRESS, Scope.NETWORK} else ""
    answered = addition.answered + (old.answered if old else 0)
    paths = dict.fromkeys(old.evidence.splitlines() if old else (), False)
    paths |= dict.fromkeys(old.exposed.splitlines() if old else (), True)
    for path, success in addition.paths.items():
        paths[path] = paths.get(path, False) or success
    evidence = sorted(paths, key=lambda path: not paths[path])[:MAX_EVIDENCE]
    addresses = addition.new_members + (old.addresses if old else 0)
    return {
        "day": date.fromisoformat(day),
        "key": key,
        "kind": kind.value,
        "scope": scope.value,
        "network": mask_address(own),
        "pseudonym": pseudonym(own, salt) if own else "",
        "first": min([moment(addition.first.at), *([old.first] if old else [])]),
        "last": max([moment(addition.last.at), *([old.last] if old else [])]),
        "addresses": 1 if scope is Scope.ADDRESS else addresses,
        "requests": addition.requests + (old.requests if old else 0),
        "errors": addition.errors + (old.errors if old else 0),
        "answered": answered,
        "severity": severity(kind, answered).value,
        "browser": old.browser if old else parse_agent(addition.first.user_agent).browser,
        "evidence": "\n".join(evidence),
        "exposed": "\n".join(path for path in evidence if paths[path]),
    }
