"""Every later version must open the data folder of an earlier one.

`data/<month>.tar.gz` holds, for each database, the folder as `keep.py` left it, what
browsers had in hand, and the figures of the log. It is upgraded as an operator would do
it, by `flask site setup`; then the people of the story come back five minutes later.
"""

import json
import unicodedata
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from neupusti.access.ingest import geo
from neupusti.core.data.database import db
from tests.accounts.cast import is_signed_in, submit
from tests.contracts import folders, formats
from tests.contracts.deterministic import (
    NOW,
    at,
    missing,
    newest_link,
    number_of,
    printed,
)
from tests.contracts.folders import KeptFolder
from tests.contracts.story import PASSWORD, WHY, choose
from tests.lending import SECRET
from tests.people import AIGERIM, BOLAT, GUEST, YERLAN

LATER = NOW + timedelta(minutes=5)


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
)
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database."""
    return str(request.param)


@pytest.fixture(
    scope="module",
    params=sorted(folders.DATA.iterdir()),
    ids=lambda archive: archive.name.partition(".")[0],
)
def upgraded(
    request: pytest.FixtureRequest, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Path], KeptFolder]:
    """Unpack a folder, upgrade it once, and return how to take a copy of it."""
    cluster = request.getfixturevalue("cluster") if kind == "postgresql" else None
    into = tmp_path_factory.mktemp("kept")
    folder = folders.unpacked(request.param, kind, into, cluster)
    with at(LATER), folder.opened() as app:
        assert "Staff:" not in printed(app, "site", "setup")
    numbers = count()
    return lambda path: folder.copied(path / "kept", f"{folder.name}_{next(numbers)}")


@pytest.fixture
def kept(upgraded: Callable[[Path], KeptFolder], tmp_path: Path) -> Iterator[KeptFolder]:
    """A copy of the folder, five minutes after it was left."""
    with at(LATER):
        yield upgraded(tmp_path)


@pytest.fixture
def app(kept: KeptFolder) -> Iterator[Flask]:
    """The site on that folder."""
    with kept.opened() as app:
        yield app


@pytest.fixture
def browser(app: Flask, kept: KeptFolder) -> Callable[..., FlaskClient]:
    """Return a browser of the story with the cookies it had, or with some of them."""

    def with_cookies(who: str, *names: str) -> FlaskClient:
        made = app.test_client()
        for name, value in kept.load("browsers")[who].items():
            if name in (names or folders.COOKIES):
                made.set_cookie(name, value)
        return made

    return with_cookies


Browser = Callable[..., FlaskClient]


def login(browser: FlaskClient, **fields: str) -> TestResponse:
    return submit(browser, "/account/login", fields)


def scalar(query: str) -> Any:
    with db.engine.connect() as connection:
        return connection.execute(text(query)).scalar_one()


def test_sessions_stay_signed_in(browser: Browser) -> None:
    for who in ("buyer", "mover", "phone"):
        assert is_signed_in(browser(who))
    for cookie in ("session", "remember_token"):
        assert is_signed_in(browser("buyer", cookie))


def test_staff_pages_work(browser: Browser) -> None:
    dana = browser("staff")
    assert dana.get("/admin/people/").status_code == 200
    yerlan = f"/admin/people/{number_of(YERLAN)}"
    assert YERLAN.email in submit(dana, yerlan, {"reason": WHY}).text
    journal = dana.get("/admin/journal/").text
    assert journal.count(WHY) >= 5
    rows = journal.partition("<tbody")[2]
    assert rows
    # An unknown code would be shown unchanged.
    for code in formats.STAFF_ACTIONS.split():
        assert code not in rows


def test_the_csrf_token_of_an_open_form_is_valid(
    kept: KeptFolder, browser: Browser
) -> None:
    for who in ("buyer", "mover"):
        signed_in = browser(who)
        form = {"csrf_token": kept.load("browsers")[who]["csrf_token"]}
        assert signed_in.post("/account/logout", data=form).status_code == 303
        assert not is_signed_in(signed_in)


def test_totp_codes_are_valid(browser: Browser) -> None:
    pending = browser("half")
    code = pyotp.TOTP(formats.TOTP["buyer"]).at(LATER)
    assert login(pending, code=code).status_code == 303
    assert is_signed_in(pending)


def test_recovery_codes_are_valid(browser: Browser) -> None:
    pending = browser("half")
    assert login(pending, code=formats.RECOVERY_CODE).status_code == 303
    assert is_signed_in(pending)


def test_passwords_are_the_same(app: Flask) -> None:
    known = app.test_client()
    decomposed = unicodedata.normalize("NFD", PASSWORD)
    assert login(known, email=GUEST.email, password=decomposed).status_code == 303
    assert is_signed_in(known)
    blocked = app.test_client()
    assert login(blocked, email=YERLAN.email, password=PASSWORD).status_code == 403
    assert not is_signed_in(blocked)


def test_second_factors_are_rotated_to_another_secret(kept: KeptFolder) -> None:
    with kept.opened(secret_key=folders.OTHER_SECRET, secret_keys_old=SECRET) as app:
        assert printed(app, "accounts", "rekey").startswith("22 rows")
        query = "SELECT person, made_with, mask FROM second_factor"
        assert missing({query: folders.WRAPPED_KEYS}) == {}
        person = app.test_client()
        code = pyotp.TOTP(formats.TOTP["buyer"]).at(LATER)
        login(person, email=AIGERIM.email, password=PASSWORD, code=code)
        assert is_signed_in(person)


def test_the_links_in_emails_work(browser: Browser) -> None:
    for kind, who in folders.LINKS.items():
        assert browser(who).get(newest_link(kind)).status_code == 200, kind


def test_links_confirm_and_reset(app: Flask, browser: Browser) -> None:
    stranger = app.test_client()
    answer = submit(stranger, newest_link("accounts.confirm"))
    assert answer.location == "/account/login?done=confirmed"
    assert login(stranger, email=BOLAT.email, password=PASSWORD).status_code == 303
    reset = submit(
        browser("mover"), newest_link("accounts.reset"), {"password": PASSWORD + "!"}
    )
    assert reset.location == "/account/login?done=reset"


def test_both_chains_are_valid_and_continue(app: Flask, browser: Browser) -> None:
    head = scalar("SELECT chain FROM consent_record ORDER BY id DESC LIMIT 1")
    output = printed(app, "consent", "verify", "--head", head)
    assert "records   5" in output
    printed(app, "journal", "verify")
    choose(browser("grant"), "withdraw")
    submit(browser("staff"), f"/admin/people/{number_of(YERLAN)}", {"reason": WHY})
    assert "records   6" in printed(app, "consent", "verify", "--head", head)
    printed(app, "journal", "verify")


def test_a_choice_about_cookies_is_known(browser: Browser) -> None:
    for who, record in folders.RECORDS.items():
        receipt = browser(who).get("/cookies/receipt.json").get_json()
        assert receipt["record_metadata"]["record_id"] == record


def test_a_refusal_is_remembered(app: Flask, browser: Browser) -> None:
    asks = 'name="choice" value="accept"'
    assert asks in app.test_client().get("/policy/").text
    assert asks not in browser("refusal").get("/policy/").text


def test_consents_of_forms_have_their_texts(browser: Browser) -> None:
    page = browser("buyer").get("/account/consents").text
    with db.engine.connect() as connection:
        words = connection.execute(text("SELECT text, sha256 FROM evidence_wording"))
        for row in words:
            assert sha256(row.text.encode()).hexdigest() == row.sha256
            assert row.text.splitlines()[-1] in page
    # An unknown code would be shown unchanged.
    for code in ("registration", "box ticked", "button pressed"):
        assert f"{code}</dd>" not in page


def test_every_page_reads_what_earlier_versions_wrote(browser: Browser) -> None:
    for who, pages in folders.PAGES.items():
        for page in pages.split():
            assert browser(who).get(page).status_code == 200, page


def test_the_editions_are_the_same_to_the_byte(app: Flask) -> None:
    with db.engine.connect() as connection:
        query = text("SELECT date, language, text, sha256 FROM policy_edition ORDER BY id")
        rows = list(connection.execute(query))
    assert len(rows) >= 6
    for row in rows:
        assert sha256(row.text.encode()).hexdigest() == row.sha256
        prefix = "" if row.language == "ru" else f"/{row.language}"
        assert app.test_client().get(f"{prefix}/policy/{row.date}/").status_code == 200
    assert printed(app, "policy", "list").count("published") == len(rows)


def test_the_picture_of_an_account_is_shown(browser: Browser) -> None:
    shown = browser("buyer").get(f"/account/avatar/{'0e' * 16}")
    assert shown.status_code == 200
    assert sha256(shown.data).hexdigest() == scalar("SELECT sha256 FROM photo")


def test_the_log_reads_and_its_figures_are_the_same(
    kept: KeptFolder, app: Flask, browser: Browser
) -> None:
    printed(app, "access", "ingest", "--once")
    report = json.loads(
        printed(app, "access", "report", *folders.DAYS, "--json", "--reason", "kept")
    )
    # Of what the older version had not stored yet, private networks are told apart.
    countries = report["by_country"]
    countries[""] += countries.pop(geo.PRIVATE_NETWORK, 0)
    assert report == kept.load("report")
    assert list((kept.home / "instance" / "access-spool").glob("*.lost")) == []
    list_ = "/admin/access/list/browser.json?from=2026-11-21&to=2026-11-22"
    shown = browser("staff").get(list_).get_json()
    assert {one["browser"]: one["requests"] for one in shown} == report["by_browser"]


def test_an_import_continues_where_it_ended(kept: KeptFolder, app: Flask) -> None:
    log = kept.home / "other.log"
    log.write_text(log.read_text() + log.read_text().splitlines(keepends=True)[-1])
    output = printed(app, "access", "import", str(log))
    assert "imported   1\n" in output
    assert "known      2 lines" in output


def test_expired_data_is_destroyed(kept: KeptFolder) -> None:
    with at(NOW + timedelta(days=400)), kept.opened() as app:
        printed(app, "retention", "run")
        printed(app, "access", "sweep")
        printed(app, "journal", "verify")
        assert "sound" in printed(app, "consent", "verify")
