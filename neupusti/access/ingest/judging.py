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
    days = {entry.day for entry in entries}
    is_behind = not judge.detector.fresh and judge.newest != _newest(connection)
    prepare(connection, judge, entries[:1], days, after=judge.newest if is_behind else None)
    others, theirs = judge.split(entries, verdict)
    batches = enrichment.batch(others), enrichment.batch(theirs, judge.scanners)
    if recall is not None:
        recall.recall(connection, batches)
    store.write(connection, *batches)
    save(connection, verdict)
    if entries:
        judge.newest = _newest(connection)


def prepare(
    connection: Connection,
    judge: Judge,
    first: list[Entry],
    days: Iterable[str] | None,
    *,
    after: int | None = None,
) -> None:
    """Tell the judge what is stored of `days` (None: of all), and right before `first`.

    Of rows that it has not seen, those `after` a number are of other machines. So every
    machine judges the requests of all, and an attack that a proxy deals out to several is
    found as by one.
    """
    dates = None if days is None else [date.fromisoformat(day) for day in days]

    def rows(model: Any, *columns: Any) -> Iterable[Any]:
        query = select(*columns)
        return connection.execute(
            query if dates is None else query.where(model.day.in_(dates))
        )

    judge.salts = {row.day.isoformat(): row.salt for row in rows(Salt, Salt.day, Salt.salt)}
    looks_back = judge.detector.fresh or after is not None
    if looks_back:
        # Later ones are the judge's own; those of another process are merged in `save`.
        judge.keys = {
            (row.day.isoformat(), row.key)
            for row in rows(Finding, Finding.day, Finding.key)
        }
    judge.scanners = _marked(connection, dates)
    if first and looks_back:
        at = first[0].at
        unseen = Record.at < moment(at) if after is None else Record.id > after
        recent = Record.at >= moment(at - scenarios.LONGEST_MS)
        judge.look_back(_entries(connection, recent & unseen))


def _newest(connection: Connection) -> int:
    """Return the number of the newest row where other machines write too; else 0."""
    if connection.dialect.name != "postgresql":
        return 0
    query = "SELECT last_value FROM access_record_id"
    return int(connection.exec_driver_sql(query).scalar_one())


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
