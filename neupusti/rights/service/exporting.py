"""Exports: asked for, made by a background job, kept for three days.

A killed process leaves a row in the state `running`, which the next run takes up again.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.config.settings import settings
from neupusti.core import clock, sweeping
from neupusti.core.data import files
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.data.file_folder import OpenedFile
from neupusti.core.data.finding import Whose
from neupusti.core.data.halting import is_halted
from neupusti.core.keeping import Retention
from neupusti.core.records import journal
from neupusti.core.records.journal import SYSTEM, Operation, ProcessingRecord
from neupusti.core.security import throttle
from neupusti.core.security.throttle import RateLimit
from neupusti.core.sweeping import Keys
from neupusti.core.text.languages import Language
from neupusti.core.web.errors import TooManyError
from neupusti.rights.models import (
    DataRequest,
    Export,
    ExportState,
    Outcome,
    RequestKind,
    Step,
)
from neupusti.rights.service import archive, emails, requests, settling
from neupusti.rights.service.archive import ExportRequest
from neupusti.rights.service.errors import NoRequestError
from neupusti.rights.service.manifest import Manifest
from neupusti.rights.service.requests import Asker

logger = logging.getLogger(__name__)
FOLDER = "exports"
EVERY = timedelta(seconds=5)
LIFE = timedelta(hours=72)
"""How long the file is kept."""
A_DAY = RateLimit("rights export", 3, timedelta(days=1), timedelta(days=1))
MOST_WAITING, MOST_ATTEMPTS = 500, 3
SOON = timedelta(minutes=1)
RUNNING = _("An archive of your data is being made already: it is listed on that page.")
FAULT = _("The fault is ours. Staff were told and answer by e-mail, in time.")
MANY = _("Very many archives are being made. This works again from %(time)s, Almaty time.")
UNFINISHED = (ExportState.WAITING.value, ExportState.RUNNING.value)
REFUSED = frozenset(set(Outcome) - {Outcome.GIVEN})
"""Outcomes with which an archive is not delivered."""
WITH_FILE = (ExportState.READY.value, ExportState.INCOMPLETE.value)
MOST = 20
"""Files that one transaction destroys."""
FILES = Retention(
    label="the file of an archive",
    clause="4.1.2",
    start_label="from its last day",
    model=Export,
    starts_at=Export.expires_at,
    days=0,
    only={"state": WITH_FILE},
    custom_sweep=True,
)
"""No rule of its own: the row of an archive names its last day."""


def start(asker: Asker) -> DataRequest:
    """Ask for an archive; the job makes it. Raise TooManyError, RightsError."""
    settling.ensure_settled(asker.person)
    with writing() as session:
        waiting = select(func.count()).where(Export.state == ExportState.WAITING.value)
        if (session.scalar(waiting) or 0) >= MOST_WAITING:
            raise TooManyError(SOON, MANY)
        values = requests.values_of(asker, RequestKind.ACCESS)
        opened = requests.open_request(session, asker.actor, **values)
        if opened is None:
            raise TooManyError(SOON, RUNNING if _is_waiting(session, values) else FAULT)
        refused = throttle.refusal(session, (A_DAY, asker.name))
        if refused is None:
            session.add(_row(opened[0].id))
        else:
            session.rollback()
    if refused is not None:
        raise refused
    return opened[0]


def _is_waiting(session: Session, values: Mapping[str, object]) -> bool:
    """Return whether the open request of an asker still waits for its archive."""
    waiting = select(Export.id).join(DataRequest, DataRequest.id == Export.request)
    waiting = waiting.where(Export.state.in_(UNFINISHED), DataRequest.closed_at.is_(None))
    same = {name: values[name] for name in ("kind", "channel", "person", "email_key")}
    return session.scalar(waiting.filter_by(**same).limit(1)) is not None


def of_request(request: DataRequest) -> Export:
    """Return the export of a request; raise NoRequestError, as where it was refused."""
    if request.outcome in REFUSED:
        raise NoRequestError
    found = db.session.scalar(
        select(Export).filter_by(request=request.id).order_by(Export.id.desc()).limit(1)
    )
    if found is None:
        raise NoRequestError
    return found


def of_requests(some: Iterable[DataRequest]) -> set[int]:
    """Return the numbers of those requests that have an export to show."""
    numbers = [one.id for one in some if one.outcome not in REFUSED]
    return set(
        db.session.scalars(select(Export.request).where(Export.request.in_(numbers)))
    )


def opened(export: Export) -> OpenedFile:
    """Open the file of an export; raise NoRequestError where there is none any more."""
    is_over = export.expires_at is None or export.expires_at <= clock.now()
    if export.name is None or is_over:
        raise NoRequestError
    name = export.name
    # Hold no database connection while another one may be waited for.
    db.session.rollback()
    try:
        return files.opened(FOLDER, name)
    except FileNotFoundError:
        raise NoRequestError from None


def run() -> None:
    """Run the job: destroy files past their term, and make one archive.

    The oldest of those that were tried least: one that fails holds up no other. Raise
    RefusedError, or OSError, for files that stay, once all else is done.
    """
    try:
        expire()
    finally:
        _make_first()


def _make_first() -> None:
    unfinished = select(Export.id).where(Export.state.in_(UNFINISHED))
    first = unfinished.order_by(Export.attempts, Export.id).limit(1)
    if (number := db.session.scalar(first)) is not None:
        _make(number)


def expire() -> None:
    """Destroy the files past their term, each before its row says so; and orphans.

    Raise RefusedError, or OSError, for those that stay, once all others are gone.
    """
    if is_halted():
        return
    try:
        for _gone in sweeping.pieces(FILES, MOST, _destroy):
            pass
    finally:
        files.sweep(FOLDER, _names)


def _destroy(session: Session, rows: Keys) -> None:
    """Destroy the files of some archives."""
    mine = Export.id.in_([number for (number,) in rows])
    for name in session.scalars(select(Export.name).where(mine)).all():
        files.destroy(FOLDER, name or "")
    values = {"state": ExportState.EXPIRED.value, "name": None}
    session.execute(update(Export).where(mine).values(**values))


def _names() -> Iterable[str]:
    return db.session.scalars(select(Export.name).where(Export.name.is_not(None)))


def _row(request: int) -> Export:
    return Export(
        request=request,
        state=ExportState.WAITING.value,
        attempts=0,
        asked_at=clock.now(),
        rows=0,
        bytes=0,
        sha256="",
        root="",
    )


def _make(number: int) -> None:
    """Make one archive; after three attempts it has failed, and staff answer."""
    with writing() as session:
        export = session.get(Export, number, with_for_update=True)
        if export is None or export.state not in UNFINISHED:
            return
        request = session.get_one(DataRequest, export.request)
        if request.closed_at is not None:
            export.state = ExportState.FAILED.value
            return
        if export.attempts >= MOST_ATTEMPTS:
            export.state = ExportState.FAILED.value
            requests.log_step(session, request.id, Step.FAILED)
            return
        attempt = export.attempts + 1
        export.state, export.attempts = ExportState.RUNNING.value, attempt
        whose = _whose(request)
        about = ExportRequest(
            number=request.number,
            language=Language(request.language),
            operator=settings().operator,
        )
    name = files.new_name()
    manifest = archive.write(whose, files.storing(FOLDER, name), about)
    _finish((number, attempt), name, manifest)


def _whose(request: DataRequest) -> Whose:
    if request.person is None:
        return Whose(person=None, email_key=request.email_key)
    person = db.session.get(Person, request.person)
    return Whose(person=request.person, email_key=person.email_key if person else None)


def _finish(which: tuple[int, int], name: str, manifest: Manifest) -> None:
    """Store what an attempt made, and tell its person.

    Drop it where staff answered meanwhile, or another machine took it up.
    """
    now, (number, attempt) = clock.now(), which
    with writing() as session:
        export = session.get_one(Export, number, with_for_update=True)
        request = session.get_one(
            DataRequest, export.request, with_for_update=True, populate_existing=True
        )
        is_mine = (export.state, export.attempts) == (ExportState.RUNNING.value, attempt)
        if request.closed_at is not None or not is_mine:
            files.destroy(FOLDER, name)
            if is_mine:
                export.state = ExportState.FAILED.value
            return
        state = ExportState.READY if manifest.complete else ExportState.INCOMPLETE
        export.state, export.name = state.value, name
        export.rows, export.bytes = manifest.rows, manifest.bytes
        export.sha256, export.root = manifest.sha256, manifest.root
        export.ready_at, export.expires_at = now, now + LIFE
        requests.log_step(session, request.id, Step.READY)
        if manifest.complete:
            requests.close(session, request, Outcome.GIVEN, "")
        emails.send(session, emails.READY, request, until=export.expires_at)
        record = ProcessingRecord(
            operation=Operation.PROVISION,
            what="export",
            why=Purpose.PERSONAL_PAGES,
            person=request.person,
            actor=SYSTEM,
        )
        journal.log_processing(session, record)
