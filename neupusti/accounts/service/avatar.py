"""The picture of an account: kept for its owner's eyes only, replaced, removed (3.2.6).

The row says which file it is. A new file is on the disk before its row, an old one goes
after its row has gone: whatever is cut off in between leaves an orphan, and the sweep
destroys it. Deleting a person deletes the row; the file is an orphan then.
"""

from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person, Photo
from neupusti.accounts.service import pictures
from neupusti.core import clock
from neupusti.core.data import files
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.records import journal
from neupusti.core.records.journal import Actor, ActorKind, Operation, ProcessingRecord
from neupusti.core.security import throttle
from neupusti.core.security.throttle import RateLimit

KIND = "avatars"
CHANGES = RateLimit("avatar", 20, timedelta(hours=1))
SWEEP_EVERY = timedelta(hours=1)


def of(person: int) -> Photo | None:
    """Return the picture of `person`, if there is one."""
    return db.session.get(Photo, person)


def file_of(photo: Photo) -> Path:
    """Return where the file of `photo` is kept."""
    return files.path(KIND, photo.name)


def take(person: int, body: bytes, file_name: str) -> None:
    """Make a file that was sent the picture of `person`, in place of the one before.

    Raise Fault with the words for the person, TooManyError, or OSError where the disk
    has no room: then everything is as it was.
    """
    throttle.take((CHANGES, str(person)))
    # Whoever waits for a turn holds no connection meanwhile.
    db.session.remove()
    with files.alone(KIND):
        picture = pictures.small(body, file_name)
    name = files.keep(KIND, picture)
    try:
        before = _put(person, name, picture)
    except BaseException:
        files.destroy(KIND, name)
        raise
    if before:
        files.destroy(KIND, before)


def remove(person: int) -> None:
    """Destroy the picture of `person`, row and file; the second time changes nothing."""
    with writing() as session:
        name = forget(session, person)
    if name:
        files.destroy(KIND, name)


def forget(session: Session, person: int) -> str | None:
    """Delete the row of a picture in the open write transaction; return the file's name.

    Once that is committed, the file is for `files.destroy`, or for the sweep.
    """
    photo = session.get(Photo, person)
    if photo is None:
        return None
    session.delete(photo)
    _note(session, person, Operation.DESTRUCTION)
    return photo.name


def sweep() -> None:
    """Destroy the files of pictures that nobody has any more."""
    files.sweep(KIND, lambda: db.session.scalars(select(Photo.name)))


def _put(person: int, name: str, picture: bytes) -> str | None:
    """Write down that `name` is the picture of `person`; return the file before it."""
    with writing() as session:
        session.get_one(Person, person, with_for_update=True)
        photo = session.get(Photo, person)
        before = photo.name if photo else None
        if photo is None:
            photo = Photo(person=person)
            session.add(photo)
        photo.name, photo.bytes = name, len(picture)
        photo.sha256, photo.kept_at = sha256(picture).hexdigest(), clock.now()
        _note(session, person, Operation.ALTERATION if before else Operation.COLLECTION)
    return before


def _note(session: Session, person: int, operation: Operation) -> None:
    journal.log_processing(
        session,
        ProcessingRecord(
            operation=operation,
            what="picture of the account",
            why=Purpose.PERSONAL_PAGES,
            person=person,
            actor=Actor(ActorKind.PERSON, person),
        ),
    )
