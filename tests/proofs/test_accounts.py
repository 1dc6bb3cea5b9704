from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from flask import Flask

from neupusti.accounts import proofs
from neupusti.accounts.models import AccountSuspension, Credential, SignIn
from neupusti.accounts.proofs import PhotoFile
from neupusti.accounts.service import avatar
from neupusti.core.data import files
from neupusti.core.data.database import ACCESS, db
from neupusti.core.proofs.proof import Looking, State
from neupusti.core.records.consents import FormConsent
from neupusti.core.records.journal import ProcessingEvent
from neupusti.core.security.throttle import ThrottleCount
from tests import desk, photos, stored
from tests.people import AIGERIM
from tests.proofs import planting
from tests.proofs.planting import alarming, all_turn_red, live, sql, states
from tests.proofs.rows import FUTURE, NOW, SOON, person, row

COLLECTED = row(ProcessingEvent, operation="collection", person=1)
PERSON, _GRANT = person()


@contextmanager
def stray_photo() -> Iterator[Looking]:
    files.store(avatar.FOLDER, b"", "a" * 32)
    stored.age(avatar.FOLDER, datetime.fromtimestamp(0, UTC))
    with db.engine.connect() as main, db.engines[ACCESS].connect() as access:
        yield Looking(main, access)
    files.destroy(avatar.FOLDER, "a" * 32)


def replacing(monkeypatch: pytest.MonkeyPatch, replace: Callable[[], object]) -> None:
    """Let the owner replace the photo between the look at its row and at its file."""
    look, calls = proofs._photo, iter([replace])  # noqa: SLF001 - in the midst of a run

    def late(*photo: Any) -> Any:
        for call in calls:
            call()
        return look(*photo)

    monkeypatch.setattr(proofs, "_photo", late)


@pytest.mark.parametrize("photo", [photos.photo(), None], ids=["replaced", "removed"])
def test_a_photo_that_changes_during_a_run_is_no_breach(
    app: Flask, monkeypatch: pytest.MonkeyPatch, photo: bytes | None
) -> None:
    # The files are as old as by the clock of the machine, which a test may have left.
    monkeypatch.setattr(files, "GRACE", timedelta(days=3660))
    owner = desk.person(AIGERIM)
    avatar.replace(owner, photos.photo(), "photo.jpg")

    def replace() -> None:
        avatar.replace(owner, photo, "photo.jpg") if photo else avatar.remove(owner)

    with monkeypatch.context() as during:
        replacing(during, replace)
        assert live()["photos-on-disk"] is not State.BROKEN


def test_a_photo_whose_file_is_gone_is_a_breach(app: Flask) -> None:
    owner = desk.person(AIGERIM)
    avatar.replace(owner, photos.photo(), "photo.jpg")
    kept = avatar.get(owner)
    assert kept is not None
    assert live()["photos-on-disk"] is State.HOLDS
    files.destroy(avatar.FOLDER, kept.name)
    db.session.rollback()
    assert live()["photos-on-disk"] is State.BROKEN


def chunk(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)


def of(webp: bytes, mode: int = 0o600, digest: str | None = None) -> PhotoFile:
    return PhotoFile(mode, webp, digest or sha256(webp).hexdigest())


PLAIN = b"RIFF....WEBP" + chunk(b"VP8 ", b"abc") + chunk(b"ALPH", b"d" * 300)


@pytest.mark.parametrize(
    ("photo", "wrong"),
    [
        (of(PLAIN), False),
        (of(PLAIN, mode=0o640), True),
        (of(PLAIN, digest="0" * 64), True),
        (of(PLAIN + chunk(b"EXIF", b"")), True),
        (of(PLAIN + chunk(b"XMP ", b"who")), True),
        (of(b"RIFF....WEBP" + chunk(b"VP8 ", b"EXIF" + bytes(8))), False),
    ],
)
def test_a_photo_is_judged_by_mode_bytes_and_chunks(
    app: Flask,
    photo: PhotoFile,
    wrong: bool,  # noqa: FBT001 - a column
) -> None:
    (check,) = (one for one in planting.proofs() if one.name == "photos-on-disk")
    assert check.wrong(photo) is wrong  # type: ignore[arg-type]


def test_a_file_without_a_row_is_a_breach_after_two_hours(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    old = NOW - timedelta(hours=2)
    files.store(avatar.FOLDER, b"", "a" * 32)
    with files.alone(avatar.FOLDER):
        stored.age(avatar.FOLDER, old)
    assert live()["photos-on-disk"] is State.NOTHING
    stored.age(avatar.FOLDER, old - timedelta(seconds=1))
    assert live()["photos-on-disk"] is State.BROKEN
    files.destroy(avatar.FOLDER, "a" * 32)
    assert live()["photos-on-disk"] is State.NOTHING


def test_who_agreed_on_a_form_is_right(app: Flask, at: Callable[[datetime], None]) -> None:
    at(NOW)
    with sql(PERSON, COLLECTED, row(FormConsent, person=1))() as looking:
        assert alarming(states(looking)) == {}


def test_a_guest_with_a_password_is_a_breach(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    password = row(Credential, person=1, password_hash="$argon2id$v=19$m=19456,t=2,p=1$")
    with sql(*person(kind="guest"), password)() as looking:
        assert alarming(states(looking)) == {"kinds-of-people": State.BROKEN}


PLANTS = {
    "kinds-of-people": sql(*person(kind="robot")),
    "accounts-with-consent": sql(PERSON, COLLECTED),
    "people-by-forms": sql(PERSON, row(FormConsent, person=1)),
    "names-as-stored": sql(*person(given_name="Ali\u202eya")),
    "phones-international": sql(*person(phone="8 701 000 00 09")),
    "keys-of-addresses": sql(*person(email_key="b@example.kz")),
    "confirmed-in-order": sql(*person(created_at=SOON)),
    "photos-on-disk": stray_photo,
    "strong-hashes": sql(row(Credential, person=1, password_hash="$2b$12$")),
    "sessions-end": sql(row(SignIn, person=1, completed_at=SOON, ends_at=FUTURE)),
    "attempts-limited": sql(row(ThrottleCount, key="x", strikes=1)),
    "suspended-signed-out": sql(
        row(AccountSuspension, person=1), row(SignIn, person=1, completed_at=SOON)
    ),
}


@pytest.mark.slow
def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)
