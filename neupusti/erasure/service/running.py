"""The job: each step finds in the database what is due, and a killed one is repeated.

confirmed → destroyed → told → done; incomplete where something is left, waiting where a
law keeps something.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from sqlalchemy import (
    ForeignKey,
    Select,
    String,
    Table,
    and_,
    cast,
    delete,
    exists,
    false,
    or_,
    select,
)
from sqlalchemy.orm import Session

from neupusti.config.settings import settings
from neupusti.core import clock
from neupusti.core.blocking.conditions import covered
from neupusti.core.data import finding
from neupusti.core.data.database import Base, db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.mail.outbox import Recipient, enqueue
from neupusti.core.registry import registry
from neupusti.core.text.languages import Language
from neupusti.delivery.models import Disclosure
from neupusti.erasure.models import Erasure, ErasureFile, ErasureKept, ErasureStep, State
from neupusti.erasure.service import destroying, emails, fates, sealing, verifying, wiping
from neupusti.erasure.service.fates import Fated, fated
from neupusti.erasure.service.sealing import Known
from neupusti.erasure.service.verifying import Places
from neupusti.orders.models.order import ShopOrder
from neupusti.rights.models import DataRequest, Outcome, Step
from neupusti.rights.service import requests

logger = logging.getLogger(__name__)
EVERY = timedelta(minutes=1)
AGAIN = timedelta(hours=1)
LETTER_LIFE = timedelta(hours=24)
"""How long the last e-mail is kept where it cannot be sent."""
BATCH = 500
MOST = 100
"""How many a run takes: a job that runs for over ten minutes counts as standing still."""
UNVERIFIED = frozenset({State.DESTROYED, State.INCOMPLETE})
NOTHING = Whose()
OWN = [one.__tablename__ for one in (OutboxEmail, Erasure, ErasureFile)]
"""What is wiped at the end: the last e-mail, and what was needed to get there."""


def run() -> None:
    """Carry out what is due, `MOST` at a time; one that fails holds up no other.

    What many erasures left is wiped and searched for at once: PostgreSQL writes a table
    anew, and a search reads everything.
    """
    failed: list[Exception] = []
    _each(failed, destroying.destroy, _numbers(_confirmed()), MOST)
    if due := _each(failed, wiping.files, _numbers(_destroyed().limit(MOST))):
        # All tables: a session that ended, an earlier address left bytes there, too.
        wiped = wiping.database(Base.metadata.tables, destroying.kinds())
        found = _search(failed, due)
        _each(failed, lambda number: settle(number, found[number], wiped=wiped), found)
    unsent = _each(failed, unsend, _numbers(_in(State.TOLD)))
    if unsent and wiping.database(OWN):
        _each(failed, end, unsent)
    _each(failed, release, _numbers(_in(State.WAITING)))
    if failed:
        raise failed[0]


def _each(
    failed: list[Exception],
    step: Callable[[int], object],
    numbers: Iterable[int],
    most: int | None = None,
) -> list[int]:
    """Take a step of each erasure; return those for which it was done, `most` of them."""
    done: list[int] = []
    for number in numbers:
        if len(done) == most:
            break
        try:
            if step(number):
                done.append(number)
        except Exception as error:
            logger.exception("erasure", extra={"fields": {"erasure": number}})
            failed.append(error)
    return done


def _search(failed: list[Exception], numbers: Iterable[int]) -> dict[int, Places]:
    """Look for what is left of all at once; return number -> where."""
    due: dict[int, tuple[Erasure, Known]] = {}

    def unseal(number: int) -> None:
        erasure = db.session.get_one(Erasure, number, populate_existing=True)
        if erasure.state in UNVERIFIED:
            due[number] = (erasure, sealing.unseal(erasure.kept_secret))

    _each(failed, unseal, numbers)
    _each(failed, _try_later, {*numbers} - due.keys())
    try:
        return verifying.left(due)
    except Exception as error:
        logger.exception("search for what erasures left")
        failed.append(error)
        _each(failed, _try_later, due)
        return {}


def settle(number: int, found: Places, *, wiped: bool) -> bool:
    """Note what was found; if nothing is left, tell the person."""
    if not wiped:
        found = {**found, "the log of the database": 1}
    with writing() as session:
        row = session.get_one(Erasure, number, with_for_update=True, populate_existing=True)
        if row.state not in UNVERIFIED:  # another machine was sooner
            return False
        row.left, row.tried_at = sum(found.values()), clock.now()
        gone = wiping.forget(session, number) if wiped else 0
        for store, left in {"files": 0, **found}.items():
            _note(session, number, store, gone if store == "files" else 0, left)
        if found:
            row.state = State.INCOMPLETE.value
            return False
        request = session.get_one(DataRequest, row.request)
        _tell(session, row, request, sealing.unseal(row.kept_secret))
        requests.close(session, request, Outcome.DESTROYED, "")
        requests.log_step(session, request.id, Step.ANSWERED)
        row.state, row.kept_secret = State.TOLD.value, ""
    return True


def _try_later(number: int) -> None:
    """Let an erasure wait before its next search: each has the tables written anew."""
    with writing() as session:
        row = session.get_one(Erasure, number, with_for_update=True, populate_existing=True)
        if row.state in UNVERIFIED:
            row.state, row.tried_at = State.INCOMPLETE.value, clock.now()


def unsend(number: int) -> bool:
    """Destroy the last e-mail; return False while it is not sent, for a day at most."""
    with writing() as session:
        row = session.get_one(Erasure, number, with_for_update=True)
        if row.state != State.TOLD:
            return False
        since = row.tried_at or clock.now()
        email = select(OutboxEmail).filter_by(key=_key(number))
        if (letter := session.scalar(email)) is not None:
            if letter.done_at is None and clock.now() - since < LETTER_LIFE:
                return False
            session.delete(letter)
    return True


def end(number: int) -> None:
    """End an erasure whose last e-mail is wiped, or let it wait for a law."""
    with writing() as session:
        row = session.get_one(Erasure, number, with_for_update=True)
        if row.state in {State.TOLD, State.WAITING}:
            _settle(session, row)


def release(number: int) -> None:
    """Destroy what a law kept until now; once nothing is kept, the erasure is done.

    Until the copies are wiped too, `left` says so: whoever is killed before, or meets a
    reader, wipes with the next run.
    """
    kept = select(ErasureKept.model).filter_by(erasure=number).distinct()
    names, over = set(db.session.scalars(kept)), 0
    with writing() as session:
        row = session.get_one(Erasure, number, with_for_update=True, populate_existing=True)
        before = row.left
        for one in fated(NOTHING) if row.state == State.WAITING else ():
            if one.table.name in names:
                over += _release(session, row, one)
        row.left += over
    names |= {one.table.name for one, key in _words() if key.column.table.name in names}
    if not (before or over) or wiping.database(Base.metadata.tables if before else names):
        end(number)


def _release(session: Session, erasure: Erasure, one: Fated) -> int:
    """Destroy the rows of a table whose hold is over; return how many. Blocked ones wait.

    Whoever got the data of an order is told now, since the hold kept it for them, too.
    """
    [key] = one.table.primary_key.columns
    mine = (ErasureKept.erasure == erasure.id, ErasureKept.model == one.table.name)
    in_force = {hold.code: hold.rows(one.table) for hold in registry().holds_of(one.table)}
    over: set[int] = set()
    blocked = select(key).where(covered(one.table))
    for code in session.scalars(select(ErasureKept.hold).where(*mine).distinct()).all():
        held = select(key).where(in_force.get(code, false()))
        rows = select(ErasureKept.row).where(*mine, ErasureKept.hold == code)
        ended = rows.where(ErasureKept.row.not_in(held), ErasureKept.row.not_in(blocked))
        over |= set(session.scalars(ended))
    numbers = sorted(over)
    for start in range(0, len(numbers), BATCH):
        some = numbers[start : start + BATCH]
        session.execute(delete(ErasureKept).where(*mine, ErasureKept.row.in_(some)))
        _carry_out_added(session, erasure, one.table, some)
        rows_over = Fated(holding=one.holding, whose=NOTHING, rows=key.in_(some))
        destroying.carry_out(session, erasure.id, rows_over)
        if one.holding.model is ShopOrder:
            handed = Disclosure.order.in_(some)
            destroying.notify(session, erasure.request, handed)
    return len(over)


def _words() -> Iterator[tuple[Fated, ForeignKey]]:
    """Yield each table of what is written about the rows of another, with the key."""
    for one in fated(NOTHING):
        if fates.identifying(one.table):
            yield from ((one, key) for key in finding.parents(one.table))


def _carry_out_added(
    session: Session, erasure: Erasure, table: Table, numbers: list[int]
) -> None:
    """Destroy what was written about rows of `table` while a law kept them.

    An order goes on after the destruction of its buyer: staff note why, a return is asked.
    """
    for one, key in _words():
        if key.column.table is table:
            kept = select(ErasureKept.row).where(ErasureKept.model == one.table.name)
            [own] = one.table.primary_key.columns
            filled = (cast(c, String) != "" for c in fates.identifying(one.table))
            added = and_(key.parent.in_(numbers), own.not_in(kept), or_(*filled))
            rows = Fated(holding=one.holding, whose=NOTHING, rows=added)
            destroying.carry_out(session, erasure.id, rows)


def _settle(session: Session, row: Erasure) -> None:
    """End an erasure, or let it wait for what a law keeps, in the open transaction."""
    waits = session.scalar(select(exists().where(ErasureKept.erasure == row.id)))
    row.state = (State.WAITING if waits else State.DONE).value
    row.tried_at, row.ended_at = clock.now(), None if waits else clock.now()
    row.left = 0


def _tell(session: Session, row: Erasure, request: DataRequest, known: Known) -> None:
    if known.is_told or not known.email:
        return
    holds = {hold.code: hold for hold in registry().holds}
    kept = [(holds[one.hold], one) for one in known.kept if one.hold in holds]
    days = settings().backup_days
    values = {"number": request.number, "kept": kept, "days": days}
    to = Recipient(email=known.email, language=Language(known.language))
    enqueue(session, emails.DONE, to, key=_key(row.id), values=values)


def _key(number: int) -> str:
    return f"{emails.DONE.name}:{number}"


def _note(session: Session, number: int, store: str, gone: int, left: int) -> None:
    step = {"erasure": number, "at": clock.now(), "store": store, "kept": 0}
    session.add(ErasureStep(gone=gone, left=left, **step))


def _numbers(due: Select[int]) -> list[int]:
    return list(db.session.scalars(due))


def _confirmed() -> Select[int]:
    due = (Erasure.state == State.CONFIRMED.value, Erasure.run_at <= clock.now())
    return select(Erasure.id).where(*due).order_by(Erasure.run_at)


def _destroyed() -> Select[int]:
    again = Erasure.tried_at <= clock.now() - AGAIN
    due = or_(
        Erasure.state == State.DESTROYED.value,
        and_(Erasure.state == State.INCOMPLETE.value, again),
    )
    return select(Erasure.id).where(due).order_by(Erasure.id)


def _in(state: State) -> Select[int]:
    """Return the erasures in a state; those that wait for a law once an hour."""
    rows = select(Erasure.id).where(Erasure.state == state.value)
    if state is State.WAITING:
        rows = rows.where(Erasure.tried_at <= clock.now() - AGAIN)
    return rows
