"""Write requests with what is found among them: all in the transaction of the rows.

An address that a finding makes a scanner counts as one for all of that day: its requests
of this batch are counted so at once, and those before are moved.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, event, select, update

from neupusti.access.ingest import recounting, store
from neupusti.access.ingest.agents import parse_agent
from neupusti.access.ingest.batch import Enrichment, days_of
from neupusti.access.ingest.findings import scenarios
from neupusti.access.ingest.findings.detector import Detector
from neupusti.access.ingest.findings.identity import (
    finding_key,
    mask_address,
    pseudonym,
)
from neupusti.access.ingest.findings.kinds import Scope, severity
from neupusti.access.ingest.findings.verdict import (
    MAX_EVIDENCE,
    Addition,
    Place,
    Verdict,
    day_of,
)
from neupusti.access.models import Address, Finding, Record, millis, moment
from neupusti.access.recording.line import Entry

MAX_EARLIER = 50_000
"""Requests that a new detector reads of those before its first one."""
Who = tuple[str, str]
"""A day and an address."""


@dataclass(slots=True)
class _Known:
    """What the database holds about the days of a batch."""

    salts: dict[str, bytes]
    findings: dict[tuple[str, str], Any]
    scanners: dict[Who, str]

    def key(self, place: Place) -> str:
        """Return the key of a finding."""
        day, kind, scope, who = place
        return finding_key(kind, scope, who, self.salts[day])

    def holds(self, place: Place) -> bool:
        """Return whether a finding is stored."""
        return bool(self.findings) and (place[0], self.key(place)) in self.findings


def write(connection: Connection, entries: list[Entry], enrichment: Enrichment) -> None:
    """Write `entries`, their counts and what is found among them."""
    detector = enrichment.detector
    if detector.fresh and entries:
        _look_back(connection, detector, min(entry.at for entry in entries))
    event.listen(connection, "rollback", lambda _: detector.reset())
    known = _known(connection, days_of(entries))
    ips = frozenset(ip for _, ip in known.scanners)
    verdict = detector.judge(entries, known.holds, ips)
    known.salts |= store.salts(
        connection, {day for day, _ in verdict.scanners} - known.salts.keys()
    )
    kinds = {who: key.partition(".")[0] for who, key in known.scanners.items()}
    new = {who: at for who, at in verdict.scanners.items() if who not in kinds}
    kinds |= {who: place[1] for who, place in new.items()}
    others, theirs = _split(entries, kinds)
    if others or not theirs:
        store.write(connection, enrichment.batch(others, known.salts))
    if theirs:
        store.write(connection, enrichment.batch(theirs, known.salts, kinds))
    for who, place in new.items():
        _mark(connection, who, known.key(place))
    recounting.move(connection, {who: kinds[who] for who in new}, known.salts)
    _save(connection, known, verdict)


def _split(
    entries: list[Entry], scanners: dict[Who, str]
) -> tuple[list[Entry], list[Entry]]:
    """Return the entries of all others, and those of scanners."""
    if not scanners:
        return entries, []
    ips = {ip for _, ip in scanners}
    others: list[Entry] = []
    theirs: list[Entry] = []
    for entry in entries:
        one = entry.ip in ips and (day_of(entry), entry.ip) in scanners
        (theirs if one else others).append(entry)
    return others, theirs


def _look_back(connection: Connection, detector: Detector, at: int) -> None:
    """Fill the buckets with the requests right before the first one."""
    columns = ("at", "ip", "method", "path", "status", "user_agent")
    earlier = connection.execute(
        select(*(getattr(Record, name) for name in columns))
        .where(Record.at >= moment(at - scenarios.LONGEST_MS), Record.at < moment(at))
        .order_by(Record.at.desc())
        .limit(MAX_EARLIER)
    )
    detector.judge(
        [
            Entry(
                at=millis(row.at), ip=row.ip, method=row.method, path=row.path,
                status=row.status, bytes=0, user_agent=row.user_agent or "",
            )
            for row in earlier
        ],
        lambda _: False,
    )  # fmt: skip


def _known(connection: Connection, days: Iterable[str]) -> _Known:
    salts = store.salts(connection, days)
    dates = [date.fromisoformat(day) for day in salts]
    findings = connection.execute(select(Finding).where(Finding.day.in_(dates)))
    scanners = connection.execute(
        select(Address.day, Address.ip, Address.finding).where(
            Address.day.in_(dates), Address.finding != ""
        )
    )
    return _Known(
        salts,
        {(row.day.isoformat(), row.key): row for row in findings},
        {(row.day.isoformat(), row.ip): row.finding for row in scanners},
    )


def _mark(connection: Connection, who: Who, key: str) -> None:
    day, ip = who
    connection.execute(
        update(Address)
        .where(Address.day == date.fromisoformat(day), Address.ip == ip)
        .values(finding=key)
    )


def _save(connection: Connection, known: _Known, verdict: Verdict) -> None:
    rows = [
        _row(place, addition, known, known.findings.get((place[0], known.key(place))))
        for place, addition in verdict.additions.items()
    ]
    store.save_findings(connection, rows)


def _row(place: Place, addition: Addition, known: _Known, old: Any) -> dict[str, Any]:
    """Return the row of a finding: what was known and what is added."""
    day, kind, scope, who = place
    salt = known.salts[day]
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
        "key": known.key(place),
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
