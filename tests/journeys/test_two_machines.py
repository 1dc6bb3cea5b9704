"""Two machines of one site, each with a data folder of its own: files are everybody's."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import QueuePool, event

from neupusti.accounts.service import avatar
from neupusti.catalog.service import photos, sheets
from neupusti.catalog.service.photos import Alts
from neupusti.config.settings import Settings
from neupusti.core import clock
from neupusti.core.data import disk, files
from neupusti.core.data.database import db
from neupusti.rights.service import exporting
from tests import photos as pictures
from tests import stored
from tests.accounts.cast import account, signed_in
from tests.catalog.photo_forms import rows
from tests.catalog.staff_goods import ALTS, product
from tests.conftest import Visitor
from tests.lending import opened
from tests.people import AIGERIM
from tests.rights.asking import export_of, fetch, work
from tests.rights.test_export import OWN, start

pytestmark = pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
JPEG = pictures.encoded(pictures.drawn(), "JPEG")


@pytest.fixture
def other(app: Flask, settings: Settings, tmp_path: Path) -> Iterator[Flask]:
    """The second machine."""
    with opened(replace(settings, instance=tmp_path / "other")) as other:
        (tmp_path / "other").mkdir()
        other.testing = True
        other.test_client_class = Visitor
        yield other


def get(browser: FlaskClient, path: str) -> tuple[int, bytes]:
    answer = browser.get(path)
    return answer.status_code, answer.data


def same_everywhere(path: str, *browsers: FlaskClient) -> bytes:
    first, second = (get(browser, path) for browser in browsers)
    assert first == second
    assert first[0] == 200
    return first[1]


def test_a_photo_of_a_product(app: Flask, other: Flask) -> None:
    browsers = app.test_client(), other.test_client()
    with app.app_context():
        product(shown=True)
        (row,) = rows()
    for file in ("320.webp", "1280.webp", "640.jpg"):
        path = f"/photos/{row.name}/{file}"
        assert same_everywhere(path, *browsers)
        assert browsers[1].head(path).content_length == len(browsers[0].get(path).data)
        tag = browsers[0].get(path).headers["ETag"]
        unchanged = browsers[1].get(path, headers={"If-None-Match": tag})
        assert (unchanged.status_code, unchanged.data) == (304, b"")
    with other.app_context():
        stored.age(photos.FOLDER, clock.now() - 2 * files.GRACE)
        db.session.delete(db.session.merge(row))
        db.session.commit()
        photos.sweep()
    assert [browser.get(path).status_code for browser in browsers] == [404, 404]


def test_a_picture_of_an_account(app: Flask, other: Flask) -> None:
    with app.app_context():
        who = account(AIGERIM)
        avatar.replace(who.number, JPEG, "a.jpg")
        (name,) = stored.names(avatar.FOLDER)
    browsers = signed_in(app, who), signed_in(other, who)
    assert same_everywhere(f"/account/avatar/{name}", *browsers)[8:12] == b"WEBP"
    with other.app_context():
        avatar.remove(who.number)
    assert [b.get(f"/account/avatar/{name}").status_code for b in browsers] == [404, 404]


def test_an_archive(app: Flask, other: Flask) -> None:
    with app.app_context():
        who = account(AIGERIM)
        avatar.replace(who.number, JPEG, "a.jpg")
        browser = signed_in(app, who)
        number = start(browser, OWN)
        with other.app_context():
            work()
        made = export_of(number)
    path = f"{OWN}export/{number}/file"
    browsers = browser, signed_in(other, who)
    whole = [fetch(one, path) for one in browsers]
    assert [answer.status_code for answer in whole] == [200, 200]
    assert whole[0].data == whole[1].data
    assert [answer.content_length for answer in whole] == [made.bytes] * 2
    assert b"files/photo-1.webp" in whole[0].data
    middle = fetch(browsers[1], path, headers={"Range": "bytes=100-199"})
    assert (middle.status_code, middle.data) == (206, whole[0].data[100:200])
    beyond = fetch(browsers[1], path, headers={"Range": f"bytes={made.bytes}-"})
    assert beyond.status_code == 416
    since = {"If-Modified-Since": whole[0].headers["Last-Modified"]}
    assert fetch(browsers[1], path, headers=since).status_code == 304
    with other.app_context():
        files.destroy(exporting.FOLDER, made.name or "")
    assert [fetch(one, path).status_code for one in browsers] == [404, 404]


def test_a_sheet_of_goods(app: Flask, other: Flask) -> None:
    with app.app_context():
        name = sheets.keep(b"article,price\n")
    with other.app_context():
        assert sheets.kept(name) == b"article,price\n"
        stored.age(sheets.FOLDER, clock.now() - 2 * files.GRACE)
        sheets.sweep()
    with app.app_context():
        assert sheets.kept(name) is None


def test_nothing_of_it_is_on_the_disk_of_either(app: Flask, other: Flask) -> None:
    for machine in (app, other):
        with machine.app_context():
            number = account(AIGERIM).number if machine is app else 1
            avatar.replace(number, JPEG, "a.jpg")
            files.store(exporting.FOLDER, bytes(3_000_000))
            written = [path for path in disk.home().rglob("*") if path.is_file()]
            assert [
                path
                for path in written
                if path.parent.name in {"avatars", "exports"} and path.name != "lock"
            ] == []


def test_without_the_database_a_photo_says_so(app: Flask, other: Flask) -> None:
    def away(_c: object, _cursor: object, sql: str, *_: object) -> None:
        if "FROM file_part" in sql:
            raise psycopg.OperationalError

    with app.app_context():
        product(shown=True)
        path = f"/photos/{rows()[0].name}/320.webp"
    with other.app_context():
        event.listen(db.engine, "before_cursor_execute", away)
    answer = other.test_client().get(path)
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert answer.headers["Retry-After"]
    assert "immutable" not in answer.headers["Cache-Control"]
    assert "Мы скоро вернёмся" in answer.text
    assert app.test_client().get(path).status_code == 200


def test_whoever_is_sent_a_file_holds_one_connection(app: Flask) -> None:
    """Else as many as there are connections would wait for one another."""
    who = account(AIGERIM)
    avatar.replace(who.number, JPEG, "a.jpg")
    browser = signed_in(app, who)
    number = start(browser, OWN)
    work()
    (name,) = stored.names(avatar.FOLDER)
    held, pool = [], db.engine.pool
    assert isinstance(pool, QueuePool)

    def look(_c: object, _cursor: object, sql: str, *_: object) -> None:
        if "FROM file_part" in sql:
            held.append(pool.checkedout())

    db.session.remove()
    before = pool.checkedout()
    event.listen(db.engine, "before_cursor_execute", look)
    for path in (f"/account/avatar/{name}", f"{OWN}export/{number}/file"):
        assert fetch(browser, path).status_code == 200
    assert set(held) == {before + 1}


def test_photos_of_two_machines_get_places_of_their_own(
    app: Flask, other: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock of the files is that of one machine; the product is locked for all."""
    number, barrier, machines = product(), Barrier(2), (app, other)
    store = photos._store  # noqa: SLF001 - where the two meet

    def at_once(*given: Any) -> bool:
        barrier.wait()
        return store(*given)

    monkeypatch.setattr(photos, "_store", at_once)
    wide = [pictures.encoded(pictures.drawn(400 + n, 300), "PNG") for n in range(2)]
    db.session.remove()

    def add(machine: Flask, body: bytes) -> None:
        with machine.app_context():
            photos.add(number, body, "a.png", Alts(**ALTS), staff=1)

    threads = [Thread(target=add, args=given) for given in zip(machines, wide, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        assert [row.position for row in rows()] == [1, 2]
