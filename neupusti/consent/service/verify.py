"""Verify the consent records: their hash chain, wordings and declarations."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import select

from neupusti.consent.models import ConsentDeclarations, ConsentRecord, ConsentWording
from neupusti.consent.service.declarations import digest
from neupusti.consent.service.records import CHAIN, HEAD
from neupusti.core.data.database import db
from neupusti.core.records.chain import START


@dataclass
class Report:
    """The result of a verification."""

    records: int = 0
    last_id: int = 0
    head: str = START
    wordings: int = 0
    rendered: int = 0
    """How many wordings today's templates render byte for byte."""
    problems: list[str] = field(default_factory=list)
    heads: set[str] = field(default_factory=set)

    @property
    def sound(self) -> bool:
        """Whether no problem was found."""
        return not self.problems


def verify(
    render: Callable[[str, str], str], declared: str, *, expect: str | None = None
) -> Report:
    """Recompute the whole chain and every wording; `expect` is an earlier chain head.

    `render(surface, language)` returns today's wording. A wording stored under today's
    declarations matches it byte for byte unless its text has changed since; an older one
    is verified by its stored text and hash.
    """
    report = Report()
    _check_chain(report)
    if expect and expect != START and expect not in report.heads:
        report.problems.append(f"the chain does not pass through {expect}")
    _check_kept(report)
    _check_texts(report, render, declared)
    return report


def verify_newest(number: int) -> Report:
    """Recompute the chain of the newest `number` records, and look for the kept head."""
    report = Report()
    _check_chain(report, number)
    _check_kept(report)
    return report


def keep_head() -> None:
    """Run the hourly job: move the kept head on. Raise BrokenChainError."""
    HEAD.advance(db.session(), CHAIN)


def _check_chain(report: Report, newest: int | None = None) -> None:
    session = db.session()
    start = (0, START) if newest is None else CHAIN.before_newest(session, newest)
    for record, sound in CHAIN.rows(session, start):
        report.records += 1
        report.last_id, report.head = record.id, record.chain
        report.heads.add(record.chain)
        if not sound:
            report.problems.append(
                f"record {record.id} ({record.at:%Y-%m-%d}) is not what was chained"
            )


def _check_kept(report: Report) -> None:
    """Report a kept head that is no longer in the table: its end was cut, or all of it."""
    if (problem := HEAD.problem(db.session(), ConsentRecord)) is not None:
        report.problems.append(problem)


def _check_texts(report: Report, render: Callable[[str, str], str], declared: str) -> None:
    for row in db.session.scalars(select(ConsentDeclarations)):
        if digest(row.canonical) != row.sha256:
            report.problems.append(
                f"declarations {row.sha256[:12]} do not match their hash"
            )
    answered = select(ConsentRecord.wording).where(
        ConsentRecord.wording == ConsentWording.sha256
    )
    for wording, has_record in db.session.execute(
        select(ConsentWording, answered.exists())
    ):
        report.wordings += 1
        if not has_record:
            report.problems.append(f"wording {wording.sha256[:12]} has no record left")
        if digest(wording.text) != wording.sha256:
            report.problems.append(f"wording {wording.sha256[:12]} does not match its hash")
        elif wording.declarations == declared:
            report.rendered += render(wording.surface, wording.language) == wording.text
