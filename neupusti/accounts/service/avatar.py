"""The picture of an account, visible to its owner only: replace and remove (3.2.6).

A new file is written before its row, an old file deleted after its row: an interruption or
an error leaves an orphan file, which the sweep destroys. Deleting a person deletes the row
and orphans the file.
"""

from datetime import timedelta
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person, Photo
from neupusti.accounts.service.errors import AccountError
from neupusti.core import clock, pictures
from neupusti.core.data import files
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.pictures import MEGABYTE, PictureError
from neupusti.core.records import journal
from neupusti.core.records.journal import Actor, ActorKind, Operation, ProcessingRecord
from neupusti.core.security import throttle
from neupusti.core.security.throttle import RateLimit

FOLDER = "avatars"
FIELD = "picture"
LARGEST = 5 * MEGABYTE
"""The largest file, in bytes."""
SIDE = 512
"""The longer side of the stored picture, in pixels."""
QUALITY = 82
CHANGES = RateLimit("avatar", 20, timedelta(hours=1))
SWEEP_EVERY = timedelta(hours=1)


def get(person: int) -> Photo | None:
    """Return the picture of `person`, or None."""
    return db.session.get(Photo, person)


def body_of(photo: Photo) -> bytes:
    """Return the bytes of `photo`; raise FileNotFoundError."""
    name = photo.name
    # Hold no database connection while another one may be waited for.
    db.session.rollback()
    return files.read(FOLDER, name)


def replace(person: int, body: bytes, file_name: str) -> None:
    """Make an uploaded file the picture of `person`, replacing the previous one.

    Raise AccountError with a message for the person, TooManyError, or OSError where the
    disk is full; nothing has changed then.
    """
    throttle.take((CHANGES, str(person)))
    # Hold no database connection while waiting for the lock.
    db.session.remove()
    with files.alone(FOLDER):
        picture = thumbnail(body, file_name)
    name = files.store(FOLDER, picture)
    # Whatever it raises, the row may be stored: its COMMIT may be answered too late.
    if before := _store_row(person, name, picture):
        files.destroy(FOLDER, before)


def thumbnail(body: bytes, file_name: str) -> bytes:
    """Return `body` as a WebP of at most 512 pixels a side; raise AccountError."""
    try:
        small = pictures.fitted(body, file_name, largest=LARGEST, box=(SIDE, SIDE))
    except PictureError as error:
        raise AccountError(FIELD, error.message) from None
    return pictures.webp(small, QUALITY)


def remove(person: int) -> None:
    """Destroy the picture of `person`, row and file; idempotent."""
    with writing() as session:
        name = delete_row(session, person)
    if name:
        files.destroy(FOLDER, name)


def delete_row(session: Session, person: int) -> str | None:
    """Delete the row of a picture in the open write transaction; return the file name.

    After the commit the caller, or the sweep, destroys the file.
    """
    photo = session.get(Photo, person)
    if photo is None:
        return None
    session.delete(photo)
    _log(session, person, Operation.DESTRUCTION)
    return photo.name


def sweep() -> None:
    """Destroy the files that no row refers to."""
    files.sweep(FOLDER, lambda: db.session.scalars(select(Photo.name)))


def _store_row(person: int, name: str, picture: bytes) -> str | None:
    """Record `name` as the picture of `person`; return the previous file name."""
    with writing() as session:
        session.get_one(Person, person, with_for_update=True)
        photo = session.get(Photo, person)
        before = photo.name if photo else None
        if photo is None:
            photo = Photo(person=person)
            session.add(photo)
        photo.name, photo.bytes = name, len(picture)
        photo.sha256, photo.kept_at = sha256(picture).hexdigest(), clock.now()
        _log(session, person, Operation.ALTERATION if before else Operation.COLLECTION)
    return before


def _log(session: Session, person: int, operation: Operation) -> None:
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
