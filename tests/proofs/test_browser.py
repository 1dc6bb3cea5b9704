"""The pages of the proofs on screen, in sizes and colour schemes, with all states."""

from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import Browser

from neupusti.core.data.database import db
from neupusti.core.rules import Permission
from tests import desk
from tests.conftest import SQLITE
from tests.core.proofs.examples import CHECK
from tests.looks import audit
from tests.people import DANA
from tests.proofs.test_pages import HOLDS, proved

pytestmark = SQLITE
BROKEN = replace(CHECK, name="broken", clauses=("5.1",), items=lambda _: [3])
BLIND = replace(CHECK, name="blind", wrong=lambda _: False)
EMPTY = replace(CHECK, name="empty", clauses=("1.1.3",), items=lambda _: [])


def test_the_pages_fit_and_can_be_read(
    app: Flask, site_url: str, chromium: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    proved(monkeypatch, HOLDS, BROKEN, BLIND, EMPTY)
    staff = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    cookie = staff.get_cookie("session")
    assert cookie is not None
    db.session.remove()
    context = chromium.new_context()
    context.add_cookies([{"name": "session", "value": cookie.value, "url": site_url}])
    page = context.new_page()
    for path in ("/kk/policy/proofs/", "/policy/proofs/?state=broken", "/kk/admin/proofs/"):
        page.goto(site_url + path)
        audit(page)
