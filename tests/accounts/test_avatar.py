"""The picture of an account: sanitised, private to its owner, deleted with it."""

import errno
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from neupusti.accounts.models import Person, Photo
from neupusti.accounts.service import avatar
from neupusti.accounts.service.errors import AccountError
from neupusti.core import clock
from neupusti.core.data import disk, files
from neupusti.core.data.database import db, writing
from neupusti.core.data.file_folder import LOCK
from neupusti.core.data.finding import Whose
from neupusti.core.records.journal import ProcessingEvent
from neupusti.core.registry import registry
from tests import photos, stored
from tests.accounts.cast import account, hidden, reset_throttle, signed_in
from tests.accounts.hostile import Filled
from tests.conftest import SQLITE
from tests.core.test_pictures import REJECTED
from tests.people import AIGERIM, BOLAT

PATH = "/account/avatar"
PROFILE = "/account/profile"
PNG = photos.encoded(photos.drawn(), "PNG")
JPEG = photos.encoded(photos.drawn(), "JPEG")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>x</script></svg>'


def send(
    browser: FlaskClient, body: bytes, name: str = "photo.jpg", **fields: Any
) -> TestResponse:
    return post(browser, PATH, body, name, **hidden(browser.get(PROFILE).text), **fields)


def post(
    browser: FlaskClient, path: str, body: bytes, name: str = "a.jpg", **fields: Any
) -> TestResponse:
    """Send a form with a file."""
    file = FileStorage(io.BytesIO(body), name, "picture")
    boundary, data = encode_multipart({**fields, "picture": file})
    kind = f"multipart/form-data; boundary={boundary}"
    return browser.post(path, data=data, content_type=kind)


def remove(browser: FlaskClient) -> TestResponse:
    data = {**hidden(browser.get(PROFILE).text), "choice": "remove"}
    return browser.post(PATH, data=data)


def photos_in_database() -> list[Photo]:
    db.session.rollback()
    return list(db.session.scalars(select(Photo)))


def stored_files() -> list[str]:
    return stored.names(avatar.FOLDER)


def photo_file() -> tuple[str, str]:
    [row] = photos_in_database()
    return avatar.FOLDER, row.name


@pytest.mark.clause("3.2.6")
def test_a_photo_becomes_a_small_picture_and_nothing_else(app: Flask) -> None:
    """EXIF location, camera, comment and thumbnail are removed; rotation is applied."""
    body = photos.photo()
    assert photos.LOCATION in body
    browser = signed_in(app, account(AIGERIM))
    answer = send(browser, body)
    assert (answer.status_code, answer.location) == (303, f"{PROFILE}?done=picture")
    file = photo_file()
    raw = files.read(*file)
    for secret in (photos.LOCATION, b"Telefon", b"EXIF", b"Exif", b"GPS", b"XMP", b"ICCP"):
        assert secret not in raw, secret
    picture = Image.open(io.BytesIO(raw))
    assert (picture.format, picture.size) == ("WEBP", (384, 512))
    assert dict(picture.getexif()) == {}
    right_upper = picture.convert("RGB").getpixel((380, 5))
    assert isinstance(right_upper, tuple)
    assert all(abs(a - b) < 30 for a, b in zip(right_upper, photos.CORNER, strict=True))
    assert len(file[1]) == 32
    assert stored_files() == [file[1]]


@SQLITE
def test_on_the_disk_it_is_for_the_site_alone(app: Flask) -> None:
    send(signed_in(app, account(AIGERIM)), JPEG)
    file = disk.folder(avatar.FOLDER) / photo_file()[1]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert "static" not in file.parts


@pytest.mark.clause("3.2.6")
def test_only_its_owner_sees_it(app: Flask) -> None:
    browser = signed_in(app, account(AIGERIM))
    send(browser, JPEG)
    address = f"{PATH}/{photo_file()[1]}"
    assert address in browser.get(PROFILE).text
    assert address in browser.get("/account/").text
    answer = browser.get(address)
    assert answer.data == files.read(*photo_file())
    assert answer.content_type == "image/webp"
    for name, value in {
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": 'attachment; filename="avatar.webp"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "no-store",
        "Cross-Origin-Resource-Policy": "same-origin",
    }.items():
        assert answer.headers[name] == value, name
    other = signed_in(app, account(BOLAT))
    assert other.get(address).status_code == 404
    send(other, PNG, "a.png")
    assert other.get(address).status_code == 404
    assert app.test_client().get(address).status_code == 303
    for odd in ("x", "..", "..%2f..%2fsecret", "0" * 32, "lock"):
        assert browser.get(f"{PATH}/{odd}").status_code in {303, 404}, odd


def test_a_new_picture_destroys_the_old_and_removing_destroys_it_all(app: Flask) -> None:
    browser = signed_in(app, account(AIGERIM))
    send(browser, JPEG)
    first = photo_file()
    send(browser, PNG, "a.PNG")
    second = photo_file()
    assert first[1] != second[1]
    assert stored_files() == [second[1]]
    assert browser.get(f"{PATH}/{first[1]}").status_code == 404
    assert remove(browser).location == f"{PROFILE}?done=picture-gone"
    assert (photos_in_database(), stored_files()) == ([], [])
    assert remove(browser).status_code == 303
    done = select(ProcessingEvent.operation).where(
        ProcessingEvent.what == "picture of the account"
    )
    assert list(db.session.scalars(done)) == ["collection", "alteration", "destruction"]


def test_the_error_is_beside_the_field_and_nothing_is_saved(app: Flask) -> None:
    browser = signed_in(app, account(AIGERIM))
    for what, (body, name, words) in REJECTED.items():
        reset_throttle()
        answer = send(browser, body, name)
        assert answer.status_code == 422, what
        error = answer.text.partition('id="picture-error"')[2].partition("</p>")[0]
        with app.test_request_context():
            assert str(words) in unescape(error), what
        assert Filled(answer.text).fields["given_name"]["value"] == AIGERIM.name, what
    without = browser.post(PATH, data=hidden(browser.get(PROFILE).text))
    assert without.status_code == 422
    assert (photos_in_database(), stored_files()) == ([], [])


def test_a_refused_picture_leaves_the_old_one(app: Flask) -> None:
    browser = signed_in(app, account(AIGERIM))
    send(browser, JPEG)
    before = photo_file()
    assert send(browser, SVG, "a.svg").status_code == 422
    assert photo_file() == before
    assert files.exists(*before)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_reported_and_leaves_no_partial_file(app: Flask, code: int) -> None:
    browser = signed_in(app, account(AIGERIM))
    send(browser, JPEG)
    before = photo_file()
    with stored.full(code):
        answer = send(browser, PNG, "a.png")
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    with app.test_request_context():
        on_sqlite = db.engine.dialect.name == "sqlite"
        assert ("На нашем диске" if on_sqlite else "Мы скоро вернёмся") in answer.text
    assert photo_file() == before
    assert stored_files() == [before[1]]


@SQLITE
def test_another_disk_error_is_a_server_error(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(app, account(AIGERIM))
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def broken(_number: int) -> None:
        raise OSError(errno.EIO, "broken")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        assert send(browser, PNG, "a.png").status_code == 500
    assert stored_files() == []


def test_the_file_of_a_row_that_cannot_be_written_goes_with_the_sweep(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = account(AIGERIM)

    def broken(*_: object) -> None:
        raise RuntimeError("the row")

    monkeypatch.setattr(avatar, "_log", broken)
    with pytest.raises(RuntimeError, match="the row"):
        avatar.replace(who.number, JPEG, "a.jpg")
    assert photos_in_database() == []
    stored.age(avatar.FOLDER, clock.now() - 2 * files.GRACE)
    avatar.sweep()
    assert stored_files() == []


def test_a_row_that_was_stored_without_an_answer_keeps_its_file(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = account(AIGERIM)

    @contextmanager
    def unanswered() -> Iterator[Session]:
        with writing() as session:
            yield session
        raise OperationalError("COMMIT", None, Exception("no answer in time"))

    monkeypatch.setattr(avatar, "writing", unanswered)
    with pytest.raises(OperationalError):
        avatar.replace(who.number, JPEG, "a.jpg")
    photo = avatar.get(who.number)
    assert photo is not None
    assert avatar.body_of(photo)


def test_without_the_token_nothing_is_taken(app: Flask) -> None:
    browser = signed_in(app, account(AIGERIM))
    assert post(browser, PATH, JPEG).status_code == 400
    assert browser.get(f"{PATH}?choice=remove").status_code == 405
    assert photos_in_database() == []


def test_changing_it_again_and_again_has_an_end(app: Flask) -> None:
    who = account(AIGERIM)
    for _ in range(avatar.CHANGES.times):
        with pytest.raises(AccountError):
            avatar.replace(who.number, SVG, "a.svg")
    assert send(signed_in(app, who), JPEG).status_code == 429


@pytest.mark.manifest(field="jobs")
def test_the_sweep_destroys_what_belongs_to_nobody(app: Flask) -> None:
    """The picture of a deleted person, and files left by a crash."""
    (job,) = [job for job in registry().jobs if job.name == "avatars"]
    who, other = account(AIGERIM), account(BOLAT)
    avatar.replace(who.number, JPEG, "a.jpg")
    avatar.replace(other.number, JPEG, "a.jpg")
    stored.leave_half(avatar.FOLDER)
    halves = db.engine.dialect.name == "sqlite"
    with writing() as session:
        session.delete(session.get_one(Person, who.number))
    for age, left in ((timedelta(), 2 + halves), (2 * files.GRACE, 1)):
        stored.age(avatar.FOLDER, clock.now() - age)
        job.run()
        assert len(stored_files()) == left
    assert stored_files() == [photo_file()[1]]
    assert (disk.folder(avatar.FOLDER) / LOCK).exists()


def test_the_export_finds_the_row_and_its_file(app: Flask) -> None:
    who = account(AIGERIM)
    avatar.replace(who.number, JPEG, "a.jpg")
    [holding] = [one for one in registry().holdings if one.model is Photo]
    [row] = db.session.scalars(holding.of(Whose(person=who.number)))
    assert holding.file is not None
    assert len(files.read(holding.file, row.name)) == row.bytes
