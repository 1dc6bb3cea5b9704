"""Checking the proof: the chain of records, and the words each of them answered."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, select

from neupusti.consent.models import ConsentDeclarations, ConsentRecord, ConsentWording
from neupusti.consent.service.declarations import digest
from neupusti.consent.service.records import START, link
from neupusti.core.data.database import db

BATCH = 1000


@dataclass
class Report:
    """What a verification found."""

    records: int = 0
    head: str = START
    wordings: int = 0
    rendered: int = 0
    """How many wordings were drawn again from today's templates, byte for byte."""
    problems: list[str] = field(default_factory=list)
    heads: set[str] = field(default_factory=set)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(
    render: Callable[[str, str], str], declared: str, *, expect: str | None = None
) -> Report:
    """Recompute the whole chain and every wording; `expect` is a head noted down before.

    `render(surface, language)` draws today's words. A wording asked in under today's
    declarations must come out of it byte for byte, if its words have not been changed
    since; an older one is proved by its stored text and hash.
    """
    report = Report()
    for record, before in _linked(0, START):
        _check(report, record, before)
    if expect and expect != START and expect not in report.heads:
        report.problems.append(f"the chain does not pass through {expect}")
    _check_texts(report, render, declared)
    return report


def verify_newest(number: int) -> Report:
    """Recompute the chain of the newest `number` records."""
    report = Report()
    newest = select(func.max(ConsentRecord.id))
    first = max(0, (db.session.scalar(newest) or 0) - number)
    known = select(ConsentRecord.chain).where(ConsentRecord.id <= first)
    before = db.session.scalar(known.order_by(ConsentRecord.id.desc()).limit(1)) or START
    for record, chained in _linked(first, before):
        _check(report, record, chained)
    return report


def _linked(after: int, chain: str) -> Iterator[tuple[ConsentRecord, str]]:
    """Yield each record with the chain value of the one before it, in batches."""
    while True:
        wanted = (
            select(ConsentRecord)
            .where(ConsentRecord.id > after)
            .order_by(ConsentRecord.id)
            .limit(BATCH)
        )
        batch = db.session.scalars(wanted).all()
        for record in batch:
            yield record, chain
            chain, after = record.chain, record.id
        db.session.expunge_all()
        if len(batch) < BATCH:
            return


def _check(report: Report, record: ConsentRecord, before: str) -> None:
    report.records += 1
    report.head = record.chain
    report.heads.add(record.chain)
    if link(before, record) != record.chain:
        report.problems.append(
            f"record {record.id} ({record.at:%Y-%m-%d}) is not what was chained"
        )


def _check_texts(report: Report, render: Callable[[str, str], str], declared: str) -> None:
    for row in db.session.scalars(select(ConsentDeclarations)):
        if digest(row.canonical) != row.sha256:
            report.problems.append(
                f"declarations {row.sha256[:12]} do not match their hash"
            )
    for wording in db.session.scalars(select(ConsentWording)):
        report.wordings += 1
        if digest(wording.text) != wording.sha256:
            report.problems.append(f"wording {wording.sha256[:12]} does not match its hash")
        elif wording.declarations == declared:
            report.rendered += render(wording.surface, wording.language) == wording.text
