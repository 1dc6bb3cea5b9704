"""Proofs about people, their sign-ins and their photos."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from struct import Struct
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select

from neupusti.accounts.models import (
    AccountSuspension,
    Credential,
    Person,
    PersonKind,
    Photo,
    SignIn,
)
from neupusti.accounts.service import avatar, limits, passwords, sessions
from neupusti.core import clock
from neupusti.core.data import files
from neupusti.core.data.database import db
from neupusti.core.data.file_folder import OWNER_ONLY
from neupusti.core.proofs import columns
from neupusti.core.proofs.proof import SOME, AnyProof, Check, Looking, Proof
from neupusti.core.records.chain import BATCH
from neupusti.core.records.consents import FormConsent
from neupusti.core.records.journal import Operation, ProcessingEvent
from neupusti.core.security.grants import StaffGrant
from neupusti.core.security.throttle import ThrottleCount
from neupusti.core.text.characters import composed, hidden

ARGON = "$argon2id$v=19$m="
"""How a hash begins; KiB, passes and lanes follow: `m=19456,t=2,p=1$`."""
CHUNK = Struct("<4sI")
"""The name and the size of a chunk of a WebP file, before its bytes."""
METADATA = frozenset({b"EXIF", b"XMP "})
"""The names of the chunks of a WebP file that hold what a camera wrote."""
GUEST, ACCOUNT = (kind.value for kind in PersonKind)

_PEOPLE = (
    select(
        Person.kind,
        Person.confirmed_at,
        Credential.password_hash,
        exists().where(FormConsent.person == Person.id).label("consented"),
        exists()
        .where(
            ProcessingEvent.person == Person.id,
            ProcessingEvent.operation == Operation.COLLECTION.value,
        )
        .label("collected"),
        exists().where(StaffGrant.person == Person.id).label("invited"),
    )
    .outerjoin(Credential, Credential.person == Person.id)
    .subquery()
)
_SUSPENDED = (
    select(
        AccountSuspension.id,
        exists().where(SignIn.person == AccountSuspension.person).label("signed_in"),
    )
    .where(AccountSuspension.lifted_at.is_(None))
    .subquery()
)


class PhotoFile(NamedTuple):
    """The file of a photo: its mode, its bytes, and the digest in its row."""

    mode: int
    """0: the file is gone. One in the database is its role's alone."""
    body: bytes
    sha256: str | None
    """None: no row names the file."""


def _names(looking: Looking) -> Iterator[str]:
    names = select(Person.family_name, Person.given_name, Person.patronymic)
    for row in looking.main.execute(names.execution_options(yield_per=BATCH)):
        yield "".join(row)


def _photos(looking: Looking) -> Iterator[PhotoFile]:
    """Yield the file of each row, and each file without one that no upload explains."""
    rows = looking.main.execute(select(Photo.name, Photo.sha256))
    named = {row.name: row.sha256 for row in rows}
    for name, digest in named.items():
        photo = _photo(name, digest)
        if photo.mode or _is_named(name):
            yield photo
    before = clock.now() - 2 * files.GRACE
    for name, at in files.listed(avatar.FOLDER).items():
        if name not in named and at < before:
            yield PhotoFile(OWNER_ONLY, b"", None)


def _is_named(name: str) -> bool:
    """Return whether a row names a photo by now: a run sees the rows of its beginning.

    The file of a photo that was replaced or removed meanwhile is rightly gone.
    """
    with db.engine.connect() as connection:
        return connection.scalar(select(Photo.name).where(Photo.name == name)) is not None


def _photo(name: str, digest: str) -> PhotoFile:
    try:
        photo = files.opened(avatar.FOLDER, name)
        with photo.body as body:
            return PhotoFile(photo.mode, body.read(), digest)
    except FileNotFoundError:
        return PhotoFile(0, b"", digest)


def _is_wrong_photo(photo: PhotoFile) -> bool:
    same = photo.sha256 == sha256(photo.body).hexdigest()
    told = not METADATA.isdisjoint(_chunks(photo.body))
    return not same or told or photo.mode != OWNER_ONLY


def _chunks(webp: bytes) -> Iterator[bytes]:
    """Yield the names of the chunks of a WebP file."""
    at = len(b"RIFF....WEBP")
    while len(webp) >= at + CHUNK.size:
        name, size = CHUNK.unpack_from(webp, at)
        yield name
        at += CHUNK.size + size + size % 2


def _webp(chunk: bytes) -> PhotoFile:
    body = b"RIFF....WEBP" + CHUNK.pack(chunk, 0)  # no mutation: whatever its size
    return PhotoFile(OWNER_ONLY, body, sha256(body).hexdigest())


def _is_weak(hashed: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return that a hash is of less than 19 MiB or two passes (ASVS 5.0 V11.4.2)."""
    least = str(passwords.MIBIBYTES * 1024)
    kibibytes = func.substr(hashed, len(ARGON) + 1, len(least))
    longer = hashed.like(f"{ARGON}{'_' * len(least)}_%,t=%")
    enough = hashed.like(f"{ARGON}{'_' * len(least)},t=%") & (kibibytes >= least)
    return or_(not_(or_(longer, enough)), hashed.like("%,t=1,%"))


def _now() -> datetime:
    """Return the moment by the clock of the run, which tests replace."""
    return clock.now()  # no mutation: a row without a moment is right, too


ALL: tuple[AnyProof, ...] = (
    Proof(
        clauses=("1.1.6",),
        name="kinds-of-people",
        says=_("Each person is a guest without a password or has an account."),
        rows=_PEOPLE,
        wrong=lambda rows: or_(
            rows.c.kind.not_in((GUEST, ACCOUNT)),
            and_(rows.c.kind == GUEST, rows.c.password_hash.is_not(None)),
        ),
        forged={"kind": GUEST, "password_hash": "hash"},
        right={"kind": ACCOUNT, "password_hash": "hash"},
    ),
    Proof(
        clauses=("2.1", "4.1.6"),
        name="accounts-with-consent",
        says=_("Nobody but invited staff has an account without a consent."),
        rows=_PEOPLE,
        wrong=lambda rows: and_(
            rows.c.kind == ACCOUNT, not_(rows.c.consented), not_(rows.c.invited)
        ),
        forged={"kind": ACCOUNT, "consented": False, "invited": False},
        right={
            "kind": ACCOUNT,
            "consented": True,
            "invited": False,  # no mutation: who agreed may be invited too
        },
    ),
    Proof(
        clauses=("3.1", "3.2"),
        name="people-by-forms",
        says=_("The data of each person came from a form of this site."),
        rows=_PEOPLE,
        wrong=lambda rows: and_(not_(rows.c.collected), not_(rows.c.invited)),
        forged={"collected": False, "invited": False},
        right={
            "collected": True,
            "invited": False,  # no mutation: as above
        },
    ),
    Check(
        clauses=("3.2.1",),
        name="names-as-stored",
        says=_("No name holds an invisible character or one that is spelled in two ways."),
        items=_names,
        wrong=lambda name: hidden(name) or composed(name) != name,
        forged=lambda: "Ali\u202eya",
        right=lambda: "Әлия О’Нил",
        seconds=10.0,
    ),
    Proof(
        clauses=("3.2.2",),
        name="phones-international",
        says=_("Each phone is stored in the one international form."),
        rows=Person,
        wrong=lambda rows: columns.no_phone(rows.c.phone),
        forged={"phone": "8 701 000 00 01"},
        right={"phone": "+77010000001"},
    ),
    Proof(
        clauses=("3.2.3",),
        name="keys-of-addresses",
        says=_("Each person is found by their e-mail as they typed it."),
        rows=Person,
        wrong=lambda rows: columns.no_key(rows.c.email, rows.c.email_key),
        forged={"email": "a@example.kz", "email_key": "b@example.kz"},
        right={"email": "A@example.kz", "email_key": "a@example.kz"},
    ),
    Proof(
        clauses=("2.4", "4.1.5"),
        name="confirmed-in-order",
        says=_("No e-mail counts as confirmed before its owner had typed it."),
        rows=Person,
        wrong=lambda rows: or_(
            rows.c.confirmed_at < rows.c.created_at,
            rows.c.confirmed_at > clock.now(),
            and_(rows.c.kind == GUEST, rows.c.confirmed_at.is_(None)),
        ),
        forged={"kind": GUEST},
        right={"kind": ACCOUNT},
    ),
    Check(
        clauses=("3.2.6",),
        name="photos-on-disk",
        says=_("Each photo is the file that was stored, readable by the site alone."),
        items=_photos,
        wrong=_is_wrong_photo,
        forged=lambda: _webp(b"EXIF"),
        right=lambda: _webp(b"VP8 "),
        seconds=10.0,
    ),
    Proof(
        clauses=("4.1.1",),
        name="strong-hashes",
        says=_("Each password is kept only as a strong hash."),
        rows=Credential,
        wrong=lambda rows: _is_weak(rows.c.password_hash),
        forged={"password_hash": "$argon2id$v=19$m=8,t=1,p=1$salt$hash"},
        right={"password_hash": "$argon2id$v=19$m=19456,t=2,p=1$salt$hash"},
    ),
    Proof(
        clauses=("3.4", "4.1.1"),
        name="sessions-end",
        says=_(
            "No session is open for longer than 30 days, or 10 minutes before its code."
        ),
        rows=SignIn,
        wrong=lambda rows: or_(
            rows.c.ends_at > clock.now() + sessions.LIFE,
            and_(
                rows.c.completed_at.is_(None),
                rows.c.ends_at > clock.now() + sessions.MFA_PENDING_LIFE,
            ),
        ),
        forged={"ends_at": lambda: clock.now() + sessions.LIFE},
        right=dict.fromkeys(("ends_at", "completed_at"), _now),
    ),
    Proof(
        clauses=("6.2.3",),
        name="attempts-limited",
        says=_("No count of attempts went on past the widest limit; no lock was lifted."),
        rows=ThrottleCount,
        wrong=lambda rows: or_(
            rows.c.count > limits.SIGN_IN_ALL.times,
            and_(rows.c.strikes > 0, rows.c.shut_until.is_(None)),
        ),
        forged={"strikes": SOME},
        right={"count": SOME},
    ),
    Proof(
        clauses=("5.4",),
        name="suspended-signed-out",
        says=_("Nobody whose account is blocked is signed in."),
        rows=_SUSPENDED,
        wrong=lambda rows: rows.c.signed_in,
        forged={"signed_in": True},
        right={"signed_in": False},
    ),
)
