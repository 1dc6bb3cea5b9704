"""An archive of everything: asked for, made by the job, fetched by its person alone."""

import json
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from neupusti.core.data import files
from neupusti.core.data.database import db, writing
from neupusti.rights.models import DataRequest, Export, ExportState
from neupusti.rights.service import archive, exporting
from tests.accounts.cast import account, emails_to, signed_in
from tests.conftest import SQLITE
from tests.orders.buying import SAME_ORIGIN, hidden
from tests.people import AIGERIM, BOLAT, GUEST
from tests.rights.asking import (
    bought,
    count,
    export_of,
    fetch,
    opened,
    request_of,
    send,
    work,
)

pytestmark = pytest.mark.slow
NOON = datetime(2026, 11, 26, 7, tzinfo=UTC)
DATA, OWN = "/en/rights/data/", "/en/account/data/"
Clock = Callable[[datetime], None]


def start(browser: FlaskClient, data: str = DATA) -> str:
    """Ask for an archive; return the number of the request."""
    answer = send(browser, f"{data}export", page=data)
    assert answer.status_code == 303, answer.text
    return str(answer.location.rpartition("/")[2])


@pytest.mark.clause("6.1.3")
def test_a_guest_downloads_everything_in_one_file(app: Flask) -> None:
    bought(app)
    browser = opened(app)
    number = start(browser)
    page = browser.get(f"{DATA}export/{number}")
    assert page.headers["Refresh"] == "5"
    work()
    page = browser.get(f"{DATA}export/{number}")
    assert "Refresh" not in page.headers
    file = fetch(browser, f"{DATA}export/{number}/file")
    assert file.status_code == 200
    assert file.headers["Cache-Control"] == "no-store"
    assert file.headers["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(BytesIO(file.data)) as made:
        assert made.testzip() is None
        assert "manifest.json" in made.namelist()
    assert export_of(number).state == ExportState.READY.value
    assert request_of(number).outcome == "given"
    ready = emails_to(GUEST.email)[-1]
    assert (number in ready.subject, "/rights/" in ready.text) == (True, True)


def test_nobody_else_fetches_it(app: Flask) -> None:
    bought(app)
    number = start(opened(app))
    work()
    paths = [f"{begins}export/{number}/file" for begins in (DATA, OWN)]
    assert [app.test_client().get(path).status_code for path in paths] == [303, 303]
    stranger = signed_in(app, account(BOLAT))
    assert stranger.get(f"{OWN}export/{number}/file").status_code == 404
    bought(app, AIGERIM)
    assert opened(app, AIGERIM).get(paths[0]).status_code == 404


@pytest.mark.situation(18, of="rights")
def test_the_file_is_gone_after_three_days(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    browser = signed_in(app, who)
    number = start(browser, OWN)
    work()
    name = export_of(number).name
    assert name is not None
    with files.opened(exporting.FOLDER, name).body as file:
        assert file.read(2) == b"PK"
    at(NOON + exporting.LIFE)
    browser = signed_in(app, who)
    assert browser.get(f"{OWN}export/{number}/file").status_code == 404
    work()
    assert not files.exists(exporting.FOLDER, name)
    assert (export_of(number).state, export_of(number).name) == ("expired", None)


@SQLITE
def test_ranges_and_tricks_with_paths(app: Flask) -> None:
    bought(app)
    browser = opened(app)
    number = start(browser)
    work()
    path = f"{DATA}export/{number}/file"
    many = "bytes=" + ",".join(["0-0"] * 2000)
    assert fetch(browser, path, headers={"Range": many}).status_code in {200, 416}
    one = fetch(browser, path, headers={"Range": "bytes=0-3"})
    assert (one.status_code, one.data) == (206, b"PK\x03\x04")
    for trick in ("../" + number, "%2e%2e", number + "/..", number + "%00"):
        assert browser.get(f"{DATA}export/{trick}/file").status_code in {400, 404}


@pytest.mark.situation(37, of="rights")
def test_fifty_presses_make_one_archive(app: Flask) -> None:
    bought(app)
    browser = opened(app)
    answers = [send(browser, f"{DATA}export", page=DATA).status_code for _ in range(50)]
    assert answers == [303] + [429] * 49
    assert (count(Export), count(DataRequest)) == (1, 1)


def test_at_most_three_archives_a_day(app: Flask, at: Clock) -> None:
    at(NOON)
    bought(app)
    browser = opened(app)
    for _time in range(3):
        start(browser)
        work()
    assert send(browser, f"{DATA}export", page=DATA).status_code == 429
    assert count(DataRequest) == 3
    at(NOON + timedelta(days=1, minutes=1))
    start(opened(app))


def test_a_killed_process_leaves_nothing_half_made(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed run has left is taken up by the next, three times at most."""
    bought(app)
    browser = opened(app)
    number = start(browser)
    with writing() as session:
        session.execute(update(Export).values(state="running", attempts=1))
    work()
    assert export_of(number).state == "ready"
    second = start(browser)

    def fail(*_args: object) -> None:
        raise OSError(5, "no disk")

    monkeypatch.setattr(archive, "write", fail)
    for _time in range(3):
        with pytest.raises(OSError, match="no disk"):
            work()
    work()
    assert export_of(second).state == "failed"
    assert "The fault is ours" in browser.get(f"{DATA}export/{second}").text
    assert request_of(second).closed_at is None
    page = send(browser, f"{DATA}export", page=DATA)
    said = ("The fault is ours" in page.text, "is being made already" in page.text)
    assert (page.status_code, *said) == (429, True, False)


def test_one_run_makes_one_archive_and_a_failed_one_waits(app: Flask) -> None:
    numbers = []
    for who in (GUEST, AIGERIM, BOLAT):
        bought(app, who)
        numbers.append(start(opened(app, who)))
    with writing() as session:
        session.execute(update(Export).where(Export.id == 1).values(attempts=1))

    def states() -> list[str]:
        work()
        return [export_of(number).state for number in numbers]

    assert states() == ["waiting", "ready", "waiting"]
    assert states() == ["waiting", "ready", "ready"]
    assert states() == ["ready", "ready", "ready"]


def test_an_archive_is_recognised_and_another_is_not(app: Flask) -> None:
    bought(app)
    browser = opened(app)
    number = start(browser)
    work()
    body = fetch(browser, f"{DATA}export/{number}/file").data
    with zipfile.ZipFile(BytesIO(body)) as made:
        manifest = made.read("manifest.json")
    page = "/en/rights/verify"
    visitor = app.test_client()
    good = send(visitor, page, manifest=(BytesIO(manifest), "manifest.json"))
    assert "Made by this site on" in good.text
    by_hash = send(visitor, page, sha256=export_of(number).sha256.upper())
    assert "Made by this site on" in by_hash.text
    changed = json.loads(manifest) | {"request": "NZ-261126-0000-0"}
    forged = json.dumps(changed, ensure_ascii=False).encode()
    for data in (
        {"manifest": (BytesIO(forged), "manifest.json")},
        {"manifest": (BytesIO(b"\xff\0" * 100), "x")},
        {"sha256": "0" * 64},
    ):
        assert "Not ours, or changed since" in send(visitor, page, **data).text
    assert send(visitor, page, sha256="not a hash").status_code == 422
    assert send(visitor, page).status_code == 422


@pytest.mark.situation(37, of="rights")
def test_presses_at_the_same_moment_make_one_archive(app: Flask) -> None:
    bought(app)
    browser = opened(app)
    token = hidden(browser.get(DATA).text)["csrf_token"]
    with browser.session_transaction() as kept:
        session = dict(kept)
    db.session.rollback()

    def press(_number: int) -> int:
        other = app.test_client()
        with other.session_transaction() as own:
            own.update(session)
        form = {"csrf_token": token}
        return other.post(f"{DATA}export", data=form, headers=SAME_ORIGIN).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(press, range(8)))
    assert answers == [303] + [429] * 7
    assert (count(Export), count(DataRequest)) == (1, 1)
