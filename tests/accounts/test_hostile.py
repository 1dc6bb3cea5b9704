"""Hostile input to every form of the account (tests/accounts/hostile.py).

The form comes back with an error message and the valid values, without passwords, and no
row changes.
"""

from collections.abc import Callable
from itertools import product
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from neupusti.core.data.database import Base, db
from neupusti.core.text import phones
from neupusti.core.text.characters import REPLACEMENT, hidden
from tests.accounts.cast import (
    account,
    emails_to,
    link,
    reset_throttle,
    sign_in,
    signed_in,
    submit,
)
from tests.accounts.cast import (
    hidden as secrets_of,
)
from tests.accounts.hostile import FORMS, Filled, Form
from tests.conftest import SQLITE
from tests.people import AIGERIM, DANA

pytestmark = pytest.mark.slow
LOG_TABLES = frozenset({"throttle_count", "security_event"})
"""Tables that log a rejected request; nothing else may."""
MEGABYTE = "ы" * 500_000
EN = "/en"


def rows() -> dict[str, list[str]]:
    """Return every row of the main database that a rejected request must not change."""
    db.session.rollback()
    tables = [t for t in Base.metadata.sorted_tables if t.name not in LOG_TABLES]
    return {t.name: sorted(map(repr, db.session.execute(select(t)))) for t in tables}


def browser_for(app: Flask, form: Form) -> tuple[FlaskClient, str]:
    """Return a browser that may open a form, and the address of the form."""
    who = account(AIGERIM, with_second_factor=form.mfa_pending)
    if form.signed_in:
        return signed_in(app, who), EN + form.path
    browser = app.test_client()
    if form.mfa_pending:
        assert sign_in(browser, who, code="").status_code == 303
    if form.link:
        submit(browser, "/account/password/reset", {"email": who.email})
        return browser, EN + link(emails_to(who.email)[-1], form.link)
    return browser, EN + form.path


def submit_fresh(browser: FlaskClient, path: str, fields: dict[str, str]) -> TestResponse:
    """Submit the form with rate limits reset."""
    reset_throttle()
    return submit(browser, path, fields)


def check_rejected(answer: TestResponse, field: str, typed: str, words: str) -> None:
    """Check the error message beside its field and in the summary."""
    context = f"{field}: {typed[:40]!r}: {answer.status_code}"
    assert answer.status_code == 422, context
    beside = answer.text.partition(f'id="{field}-error"')[2].partition("</p>")[0]
    assert words in beside, f"{context}: {beside}"
    assert f'href="#{field}"' in answer.text, context
    shown = Filled(answer.text).fields[field].get("value", "")
    assert not hidden(shown.replace(REPLACEMENT, "")), context
    assert "<script>alert" not in answer.text, context


def check_values_preserved(answer: TestResponse, valid: dict[str, str], but: str) -> None:
    """Check that the form keeps the valid values, and no password."""
    shown = Filled(answer.text).fields
    for name, value in valid.items():
        found = shown[name]
        match found.get("type"):
            case "password":
                assert found.get("value", "") == "", name
            case "checkbox":
                assert ("checked" in found) is (name != but), name
            case _ if name != but:
                assert found["value"] in {value, phones.shown(DANA.phone)}, name


@pytest.mark.clause("3.2")
@pytest.mark.parametrize(
    ("name", "field"), [(name, field) for name in FORMS for field in FORMS[name].hostile]
)
def test_a_hostile_answer_is_refused_and_nothing_is_lost(
    app: Flask, name: str, field: str
) -> None:
    form = FORMS[name]
    browser, path = browser_for(app, form)
    before = rows()
    for typed, words in form.hostile[field]:
        answer = submit_fresh(browser, path, {**form.valid, field: typed})
        check_rejected(answer, field, typed, words)
        check_values_preserved(answer, form.valid, field)
    assert rows() == before


@SQLITE
@pytest.mark.parametrize("name", FORMS)
def test_a_megabyte_is_refused_before_it_is_read(app: Flask, name: str) -> None:
    form = FORMS[name]
    browser, path = browser_for(app, form)
    before = rows()
    for field in (*form.valid, "csrf_token", "unknown"):
        answer = submit_fresh(browser, path, {**form.valid, field: MEGABYTE})
        assert answer.status_code == 413, field
        assert "larger than this form takes" in answer.text
    assert rows() == before


def unreadable(fields: dict[str, str]) -> bytes:
    name = next(reversed(fields))
    return urlencode({k: v for k, v in fields.items() if k != name}).encode() + (
        f"&{name}=".encode() + b"%FF%FE%C3"
    )


PLAIN, MULTIPART = KINDS = (
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
)
RAW: dict[str, tuple[Callable[[dict[str, str]], bytes], set[int]]] = {
    "nothing": (lambda _: b"", {400}),
    "no form at all": (lambda _: b"\x00\xff" * 500, {400}),
    "ten thousand fields": (lambda _: b"a=1&" * 10_000, {400, 413}),
    "deep brackets": (lambda _: b"a" + b"[b]" * 9000 + b"=1", {400}),
    "a token of another form": (
        lambda fields: urlencode({**fields, "csrf_token": "x.y.z"}).encode(),
        {400},
    ),
    "bytes that are no text": (unreadable, {422}),
}


@SQLITE
@pytest.mark.parametrize("name", FORMS)
def test_a_body_no_browser_sends_is_refused(app: Flask, name: str) -> None:
    form = FORMS[name]
    browser, path = browser_for(app, form)
    token = secrets_of(browser.get(path).text)
    before = rows()
    for (what, (body, statuses)), kind in product(RAW.items(), KINDS):
        reset_throttle()
        data = body({**token, **form.valid})
        answer = browser.post(path, data=data, content_type=kind)
        expected = statuses | ({400} if kind == MULTIPART else set())
        if "done=stale" in (answer.location or ""):
            # A form of an earlier sign-in is led on, and not carried out.
            expected |= {303}
        assert answer.status_code in expected, (what, kind, answer.status_code)
    assert rows() == before
