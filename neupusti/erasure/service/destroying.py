"""Destroy what is kept about a person, in one transaction of the main database (6.1.3).

Holds are asked inside it: what became an open order a moment ago is kept. Whoever is
killed in it has destroyed nothing; files go afterwards, by the names that it leaves.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Table,
    delete,
    false,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.core import clock
from neupusti.core.blocking import blocks
from neupusti.core.blocking.conditions import covered
from neupusti.core.blocking.models import HASH_USE, Reach, Tombstone
from neupusti.core.data import finding, keys
from neupusti.core.data.classification import (
    Purpose,
    classification,
    personal_columns,
)
from neupusti.core.data.database import Base, writing
from neupusti.core.data.finding import Whose
from neupusti.core.keeping import Fate, Holding
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.records import journal
from neupusti.core.records.decisions import Decision, decide
from neupusti.core.records.holds import PlacedHold, in_force
from neupusti.core.records.journal import Operation, ProcessingRecord
from neupusti.core.registry import registry
from neupusti.core.security import grants
from neupusti.delivery.models import Disclosure
from neupusti.erasure.models import Erasure, ErasureFile, ErasureKept, ErasureStep, State
from neupusti.erasure.service import sealing
from neupusti.erasure.service.fates import Fated, emptying, fated, identifying
from neupusti.erasure.service.plan import by_law
from neupusti.erasure.service.sealing import KeptByLaw, Known
from neupusti.orders.models.recipient import RecipientVersion
from neupusti.rights.models import DataRequest, Export, ExportState, RecipientNotice
from neupusti.rights.service import exporting, second_road


def destroy(number: int) -> bool:
    """Begin and carry out an erasure; return whether it was done.

    It is put off while the data are blocked or wholly held, a value is contested, the
    person is staff, or a letter or an archive of theirs is on its way. Of an undo and
    this, the first in the database wins.
    """
    with writing() as session:
        blocks.wait_for_writers(session)
        erasure = session.get(Erasure, number, with_for_update=True, populate_existing=True)
        if erasure is None or erasure.state != State.CONFIRMED:
            return False
        if erasure.run_at > clock.now():
            return False
        _wait_for_own_writers(session, erasure)
        whose = whose_of(session, erasure)
        request = session.get_one(DataRequest, erasure.request)
        if is_put_off(session, whose):
            return False
        carry_out_all(session, erasure, request, whose, at=clock.now())
    return True


def _wait_for_own_writers(session: Session, erasure: Erasure) -> None:
    """Let whoever writes about the person end first: what they add is destroyed, too."""
    own = select(Person.id).where(Person.id == erasure.person)
    session.execute(own.with_for_update())


def carry_out_all(
    session: Session, erasure: Erasure, request: DataRequest, whose: Whose, *, at: datetime
) -> None:
    """Destroy everything about `whose` in the open write transaction.

    The decision is on the disk before anything goes; the tombstone comes last, since
    nothing about its number can be written any more. What is later than `at`, when it was
    destroyed first, is of somebody who came back.
    """
    known, key = _known(session, whose, request), whose.email_key
    person = whose.person
    decide(session, Decision.ERASED, person=person, email_key=key, ref=request.number)
    _name_files(session, erasure.id, whose)
    [handed] = [one for one in fated(whose) if one.holding.model is Disclosure]
    notify(session, request.id, handed.own)
    _release_holds(session, whose)
    for one in fated(whose):
        carry_out(session, erasure.id, one)
    erasure.state, erasure.destroyed_at = State.DESTROYED.value, at
    erasure.person, erasure.email_key = None, None
    erasure.kept_secret = sealing.seal(known)
    session.flush()
    session.add(
        Tombstone(
            at=at,
            person=person,
            email_hash=keys.keyed(HASH_USE, key) if key else None,
            scope=Reach.ALL.value,
            request=request.number,
        )
    )


def whose_of(session: Session, erasure: Erasure) -> Whose:
    """Return whose rows an erasure is about, with the present address of an account."""
    if erasure.person is None:
        return Whose(email_key=erasure.email_key)
    person = session.get(Person, erasure.person)
    confirmed = person is not None and person.confirmed_at is not None
    key = person.email_key if person is not None and confirmed else None
    return Whose(person=erasure.person, email_key=key)


def is_put_off(session: Session, whose: Whose) -> bool:
    """Return whether nothing may be destroyed now."""
    tables = {one.holding.model: one for one in fated(whose)}
    if blocks.is_blocked(session, whose) or _is_covered(session, tables.values()):
        return True
    if whose.person is not None and grants.is_staff(whose.person):
        return True
    held = select(PlacedHold.id).where(_held(whose), in_force())
    if session.scalar(held.limit(1)) is not None:
        return True
    moving = (
        (OutboxEmail, OutboxEmail.state == OutboxState.HANDING.value),
        (Export, Export.state == ExportState.RUNNING.value),
    )
    return any(
        session.scalar(select(model.id).where(tables[model].own, busy).limit(1)) is not None
        for model, busy in moving
    )


def _is_covered(session: Session, tables: Iterable[Fated]) -> bool:
    """Return whether a value of theirs is contested, or a row blocked: the check is first.

    What has no number is under the block of its address, whoever has an account with it.
    What belongs to another row is covered as that is.
    """
    blockable, one_row = {*registry().blockable}, select(literal(1)).limit(1)
    return any(
        session.scalar(one_row.select_from(one.table).where(one.own, covered(one.table)))
        for one in tables
        if one.table in blockable and not finding.parents(one.table)
    )


def _release_holds(session: Session, whose: Whose) -> None:
    """Release what was held until a day that is past: only then may such a row go."""
    over = update(PlacedHold).where(_held(whose), PlacedHold.released_at.is_(None))
    session.execute(over.values(released_at=clock.now()))


def _held(whose: Whose) -> ColumnElement[bool]:
    """Return the condition of the holds on an account; those on an order are on nobody."""
    return PlacedHold.person == whose.person if whose.person is not None else false()


def _known(session: Session, whose: Whose, request: DataRequest) -> Known:
    """Return what is needed once the rows are gone."""
    person = session.get(Person, whose.person) if whose.person is not None else None
    kept = [
        KeptByLaw(hold=hold.code, rows=rows, until=day)
        for one in fated(whose)
        for hold, rows, day in by_law(session, one)
    ]
    return Known(
        email=person.email if person else request.email or "",
        language=request.language,
        person=whose.person,
        needles=tuple(sorted(_needles(session, whose))),
        kept=tuple(kept),
    )


def _needles(session: Session, whose: Whose) -> set[str]:
    """Return every address and phone in their rows: what to search for afterwards."""
    found = {whose.email_key} - {None}
    for one in fated(whose):
        for clause in finding.CLAUSES:
            for column in finding.contacts(one.table, clause):
                mark = classification(column)
                if mark and not mark.keyed_by:
                    found |= set(session.scalars(select(column).distinct().where(one.own)))
    return {searched for text in found if text and (searched := second_road.needle(text))}


def _name_files(session: Session, erasure: int, whose: Whose) -> None:
    """Store the files of the rows that go: after the commit nothing else names them."""
    for one in fated(whose):
        if (kind := _kind(one.holding)) is not None:
            named = select(one.holding.model).where(one.own)
            for row in session.scalars(named):
                if row.name:
                    session.add(ErasureFile(erasure=erasure, path=f"{kind}/{row.name}"))


def kinds() -> set[str]:
    """Return the kinds of files that are about people."""
    return {kind for one in registry().holdings if (kind := _kind(one)) is not None}


def _kind(holding: Holding) -> str | None:
    return exporting.FOLDER if holding.model is Export else holding.file


def notify(session: Session, request: int, handed: ColumnElement[bool]) -> None:
    """Ask staff to tell each recipient of what stays in their hands (5.2).

    One notice for a recipient, with the last of the hand-overs: it names all before it. Of
    an order that a hold keeps whole they are told once it goes: somebody still delivers it.
    """
    table = Base.metadata.tables[Disclosure.__tablename__]
    whole = registry().held(table, [Disclosure.reason.key])
    last = (
        select(literal(request), func.max(Disclosure.id))
        .join(RecipientVersion, RecipientVersion.id == Disclosure.recipient)
        .where(handed, ~whole)
        .group_by(RecipientVersion.recipient)
    )
    names = ["request", "disclosure"]
    session.execute(insert(RecipientNotice).from_select(names, last))


def carry_out(session: Session, erasure: int, one: Fated) -> None:
    """Empty the rows of one table that stay, delete those that go, and note both."""
    kept = gone = 0
    count = select(func.count()).select_from(one.table)
    if one.is_emptied:
        _keep(session, erasure, one)
        emptied = update(one.table).where(one.emptied).values(emptying(one))
        kept = session.execute(emptied).rowcount  # type: ignore[attr-defined]
    if one.holding.fate is Fate.ROW:
        gone = session.scalar(count.where(one.goes)) or 0
        if gone:
            _forget(session, one)
        if not one.goes_along:
            deleted = delete(one.table).where(one.goes)
            gone = session.execute(deleted).rowcount  # type: ignore[attr-defined]
    if gone or kept:
        session.add(
            ErasureStep(
                erasure=erasure,
                at=clock.now(),
                store=one.table.name,
                gone=gone,
                kept=kept,
                left=0,
            )
        )
    if personal_columns(one.table):
        _log(session, one.table, Operation.DESTRUCTION, gone)
        _log(session, one.table, Operation.DEPERSONALISATION, kept)


def _keep(session: Session, erasure: int, one: Fated) -> None:
    """Store which rows keep something that identifies a person, and by which hold."""
    names = {column.key for column in identifying(one.table)}
    for hold in registry().holds_of(one.table):
        if names & {*hold.columns}:
            [key] = one.table.primary_key.columns
            named = (literal(erasure), literal(one.table.name), key, literal(hold.code))
            rows = select(*named).where(one.own, hold.rows(one.table))
            columns = ["erasure", "model", "row", "hold"]
            session.execute(insert(ErasureKept).from_select(columns, rows))


def _forget(session: Session, one: Fated) -> None:
    """Forget that erasures keep the rows that go."""
    key, *more = one.table.primary_key.columns
    if not more:
        named = (
            ErasureKept.model == one.table.name,
            ErasureKept.row.in_(select(key).where(one.goes)),
        )
        session.execute(delete(ErasureKept).where(*named))


def _log(session: Session, table: Table, operation: Operation, rows: int) -> None:
    if rows:
        record = ProcessingRecord(
            operation=operation,
            what=f"{table.name}: {rows}",
            why=Purpose.ACCOUNT,
            person=None,
        )
        journal.log_processing(session, record)
