"""Photos of products: sanitised, in every width, under addresses that never change."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from neupusti.catalog.models import ProductPhoto
from neupusti.catalog.service import photos
from neupusti.core import clock
from neupusti.core.data import files
from neupusti.core.data.database import db
from neupusti.core.registry import registry
from tests import desk
from tests import photos as pictures
from tests import stored as files_stored
from tests.catalog.photo_forms import rows, send, stored_files
from tests.catalog.staff_goods import (
    ALTS,
    LIST,
    post,
    product,
    stored,
    what,
)
from tests.conftest import SQLITE
from tests.numbers import turn_back


def test_a_photo_is_stored_in_every_width_and_shown(
    app: Flask, browser: FlaskClient
) -> None:
    number = product()
    answer = send(app, browser, number)
    assert what(answer) == (303, f"{LIST}{number}/photos?done=photo")
    (row,) = rows()
    assert (row.width, row.height, row.position) == (1280, 914, 1)
    assert (row.alt_ru, row.alt_kk, row.alt_en) == tuple(ALTS.values())
    assert row.name == row.sha256[:32]
    endings = ["1280.webp", "320.webp", "640.jpg", "640.webp", "960.webp"]
    assert stored_files() == [f"{row.name}-{ending}" for ending in endings]
    stranger = app.test_client()
    for width, kind, mimetype in (
        *((width, "webp", "image/webp") for width in photos.WIDTHS),
        (640, "jpg", "image/jpeg"),
    ):
        shown = stranger.get(f"/photos/{row.name}/{width}.{kind}")
        assert (shown.status_code, shown.content_type) == (200, mimetype)
        picture = Image.open(io.BytesIO(shown.data))
        assert picture.width == width
        assert picture.height == round(914 * width / 1280)
        assert "immutable" in shown.headers["Cache-Control"]
        assert "Set-Cookie" not in shown.headers
    tag = {"If-None-Match": shown.headers["ETag"]}
    assert stranger.get(f"/photos/{row.name}/640.jpg", headers=tag).status_code == 304
    page = browser.get(f"{LIST}{number}/photos").text
    assert f'src="/photos/{row.name}/640.webp"' in page
    assert f'alt="{ALTS["alt_ru"]}"' in page
    assert f'src="/photos/{row.name}/320.webp"' in browser.get("/kk" + LIST).text
    assert stored(number).version == 2
    (act,) = desk.staff_actions("catalog.photos")
    assert act.what.startswith(f"product {number}: photo ")


@pytest.mark.situation(31)
def test_a_photo_from_a_phone_stands_upright_and_says_nothing_of_where(
    app: Flask, browser: FlaskClient
) -> None:
    number = product()
    assert send(app, browser, number, pictures.photo()).status_code == 303
    (row,) = rows()
    assert (row.width, row.height) == (600, 800)
    for name in stored_files():
        raw = files.read(photos.FOLDER, name)
        for secret in (pictures.LOCATION, b"Telefon", b"EXIF", b"Exif", b"GPS", b"ICCP"):
            assert secret not in raw, (name, secret)
        picture = Image.open(io.BytesIO(raw)).convert("RGB")
        corner = picture.getpixel((picture.width - 5, 5))
        assert isinstance(corner, tuple)
        assert all(abs(a - b) < 30 for a, b in zip(corner, pictures.CORNER, strict=True))


@SQLITE
def test_a_narrow_photo_has_no_wider_files(app: Flask, browser: FlaskClient) -> None:
    number = product()
    body = pictures.encoded(pictures.drawn(400, 300), "PNG")
    assert send(app, browser, number, body, "a.png").status_code == 303
    (row,) = rows()
    assert (row.width, row.height) == (400, 300)
    assert [name[33:] for name in stored_files()] == ["320.webp", "640.jpg"]
    for address, status in ((("320.webp"), 200), ("640.jpg", 200), ("640.webp", 404)):
        assert browser.get(f"/photos/{row.name}/{address}").status_code == status


@SQLITE
@pytest.mark.parametrize("field", ALTS)
def test_its_words_are_needed_in_every_language(
    app: Flask, browser: FlaskClient, field: str
) -> None:
    number = product()
    words: dict[str, Any] = {field: ""}
    answer = send(app, browser, number, **words)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert rows() == []


def test_photos_are_described_ordered_and_removed(app: Flask, browser: FlaskClient) -> None:
    number = product(shown=True)
    other = pictures.encoded(pictures.drawn(700, 700), "JPEG")
    assert send(app, browser, number, other).status_code == 303
    first, second = rows()
    path = f"{LIST}photos/{second.id}"
    words = {**ALTS, "alt_en": "A red teapot", "name": second.name}
    assert post(app, browser, path, **words, move="earlier").status_code == 303
    assert [(row.id, row.alt_en) for row in rows()] == [
        (second.id, "A red teapot"),
        (first.id, ALTS["alt_en"]),
    ]
    answer = post(app, browser, path, **{**words, "alt_kk": ""})
    assert answer.status_code == 422
    assert f'id="alt_kk-{second.id}-error"' in answer.text
    ids = re.findall(r' id="([^"]+)"', answer.text)
    assert len(ids) == len(set(ids))
    assert post(app, browser, f"{path}/remove", **words).status_code == 303
    assert [row.id for row in rows()] == [first.id]
    last = post(app, browser, f"{LIST}photos/{first.id}/remove", name=first.name)
    assert last.status_code == 422
    assert "<li>" in last.text
    assert [row.id for row in rows()] == [first.id]
    for gone in (path, f"{path}/remove"):
        assert post(app, browser, gone, **words).status_code == 404


def test_the_same_photo_twice_and_a_thirteenth_are_refused(
    app: Flask, browser: FlaskClient
) -> None:
    number = product()
    assert send(app, browser, number).status_code == 303
    assert send(app, browser, number).status_code == 422
    with db.session.begin_nested():
        for position in range(2, photos.MOST + 1):
            row = ProductPhoto(
                product=number,
                position=position,
                name=f"{position:032x}",
                width=640,
                height=640,
                sha256="0" * 64,
                **ALTS,
            )
            db.session.add(row)
    db.session.commit()
    body = pictures.encoded(pictures.drawn(700, 700), "JPEG")
    assert send(app, browser, number, body).status_code == 422
    assert len(rows()) == photos.MOST


@SQLITE
def test_two_products_may_share_a_photo(app: Flask, browser: FlaskClient) -> None:
    """The files are those of the bytes: removing one row leaves them to the other."""
    number = product()
    other = product(stored(number).category, article="K-2")
    for one in (number, other):
        assert send(app, browser, one).status_code == 303
    assert len(stored_files()) == 5
    first = rows()[0]
    gone = post(app, browser, f"{LIST}photos/{first.id}/remove", name=first.name)
    assert gone.status_code == 303
    photos.sweep()
    assert len(stored_files()) == 5


@SQLITE
def test_odd_addresses_are_not_found(app: Flask) -> None:
    stranger = app.test_client()
    name = "0" * 32
    for path in (
        f"/photos/{name}/320.webp",
        f"/photos/{name}/99999999999.webp",
        f"/photos/{name}/320.png",
        "/photos/..%2f..%2fmain/320.webp",
        "/photos/lock/320.webp",
        f"/photos/{name.upper()}X/320.webp",
    ):
        assert stranger.get(path).status_code == 404, path
    assert stranger.post(f"/photos/{name}/320.webp").status_code in {400, 405}


def test_a_full_disk_is_reported_and_stores_nothing(
    app: Flask, browser: FlaskClient
) -> None:
    number = product()
    with files_stored.full():
        assert send(app, browser, number).status_code == 503
    assert (rows(), stored_files()) == ([], [])


@pytest.mark.manifest(field="jobs")
def test_the_sweep_destroys_what_no_photo_names(app: Flask, browser: FlaskClient) -> None:
    jobs = {job.name: job for job in registry().jobs}
    number = product()
    assert send(app, browser, number).status_code == 303
    files.store(photos.FOLDER, b"left by a crash", f"{'0' * 32}-320.webp")
    files_stored.leave_half(photos.FOLDER)
    files_stored.age(photos.FOLDER, clock.now() - 2 * files.GRACE)
    jobs["photos"].run()
    (row,) = rows()
    assert {name[:32] for name in stored_files()} == {row.name}
    assert len(stored_files()) == 5
    assert jobs["photos"].every <= timedelta(hours=1)


def test_a_late_press_touches_no_photo_that_came_since(
    app: Flask, browser: FlaskClient
) -> None:
    """A restored backup gives its number again, perhaps to a photo of another product."""
    number = product()
    other = product(stored(number).category, article="K-2")
    assert send(app, browser, number).status_code == 303
    (old,) = rows()
    path, late = f"{LIST}photos/{old.id}", {"name": old.name, **ALTS, "alt_en": "Late"}
    assert post(app, browser, f"{path}/remove", name=old.name).status_code == 303
    turn_back()
    drawn = pictures.encoded(pictures.drawn(700, 700), "JPEG")
    assert send(app, browser, other, drawn).status_code == 303
    for address in (path, f"{path}/remove"):
        assert post(app, browser, address, **late).status_code == 404
    assert [(row.product, row.alt_en) for row in rows()] == [(other, ALTS["alt_en"])]
