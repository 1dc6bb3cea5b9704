"""The check of a block by staff: the board, a look, the answer that ends it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.blocking import queries
from neupusti.core.blocking.models import DataBlock
from neupusti.core.data.database import db
from neupusti.core.rules import Permission
from neupusti.rights.models import DataRequest
from tests import desk
from tests.accounts.cast import emails_to
from tests.blocking.cast import blocked, dana, newest
from tests.conftest import SQLITE
from tests.orders.buying import orders
from tests.people import AIGERIM, DANA, GUEST
from tests.rights.asking import bought, opened, request_of, send
from tests.rights.test_paper import answers

DESK, BLOCKS = "/en/admin/rights/", "/en/admin/blocks/"


@pytest.fixture
def block(app: Flask) -> DataBlock:
    """The block of a guest with an order."""
    bought(app)
    return blocked(opened(app), reason="The name is misspelled")


def taken(app: Flask, browser: FlaskClient, number: str) -> None:
    """Take a request."""
    answer = browser.post(f"{DESK}{number}/taking", data=desk.form(app))
    assert answer.status_code == 303


@pytest.mark.clause("6.2.4")
@pytest.mark.manifest(field="admin_menu")
def test_staff_see_what_is_blocked_and_by_when(app: Flask, block: DataBlock) -> None:
    browser = dana(app)
    page = browser.get(BLOCKS).text
    assert block.request in page
    assert f"{block.due:%Y-%m-%d}" in page
    assert GUEST.email not in page
    assert BLOCKS in page


@pytest.mark.clause("6.2.4")
@pytest.mark.manifest(field="staff_actions")
def test_the_check_looks_with_a_reason_that_the_person_reads(
    app: Flask, block: DataBlock
) -> None:
    browser, number = dana(app), block.request
    path = f"{BLOCKS}{number}"
    assert browser.get(path).status_code == 404
    assert path not in browser.get(BLOCKS).text + browser.get(f"{DESK}{number}").text
    taken(app, browser, number)
    for leading in (BLOCKS, f"{DESK}{number}"):
        assert f'href="{path}"' in browser.get(leading).text
    assert browser.get(path).status_code == 200
    assert desk.staff_actions("blocking.looked") == []
    assert browser.post(path, data=desk.form(app, reason="")).status_code == 422
    order = orders()[0].number
    page = browser.post(path, data=desk.form(app, reason="The name of the order"))
    assert (page.status_code, order in page.text) == (200, True)
    (act,) = desk.staff_actions("blocking.looked")
    assert (act.what, act.operation) == (number, "access")
    # The page of the orders still hides it.
    assert browser.get(f"/en/admin/orders/{order}").status_code in {403, 404}


@pytest.mark.clause("6.2.4")
@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        ("unfounded", "unfounded"),
        ("corrected", "corrected"),
        ("law", "unfounded"),
    ],
)
@SQLITE
def test_the_answer_ends_the_block(
    app: Flask, block: DataBlock, outcome: str, result: str
) -> None:
    browser, number = dana(app, Permission.ORDERS), block.request
    taken(app, browser, number)
    form = desk.form(app, outcome=outcome, words="We have looked at it.")
    answer = browser.post(f"{DESK}{number}/answer", data=form)
    assert answer.status_code == 303
    ended = newest()
    assert (ended.outcome, ended.lifted_by is None) == (result, False)
    assert request_of(number).outcome == outcome
    assert "We have looked at it." in emails_to(GUEST.email)[-1].text
    assert queries.count_open() == 0
    assert browser.get(f"/en/admin/orders/{orders()[0].number}").status_code == 200


@SQLITE
@pytest.mark.clause("6.2.4")
def test_no_answer_says_that_blocked_data_were_destroyed(
    app: Flask, block: DataBlock
) -> None:
    """Only their destruction says so."""
    browser, number = dana(app), block.request
    taken(app, browser, number)
    form = desk.form(app, outcome="destroyed", words="They are gone.")
    assert browser.post(f"{DESK}{number}/answer", data=form).status_code == 422
    given = ["--outcome", "destroyed", "--reason", "They are gone."]
    told = app.test_cli_runner().invoke(args=["blocks", "lift", number, *given])
    assert told.exit_code == 2
    assert (queries.count_open(), request_of(number).closed_at) == (1, None)


@pytest.mark.clause("6.2.4")
@pytest.mark.manifest(field="duties")
def test_staff_block_for_the_authorised_body(app: Flask) -> None:
    number = desk.person(AIGERIM)
    browser = dana(app)
    order = {
        "by": "body",
        "person": str(number),
        "email": "",
        "document": "Order 12 of 2026-11-25",
        "language": "en",
        "reason": "Inspection of the body",
    }
    answer = browser.post(f"{BLOCKS}new", data=desk.form(app, **order))
    assert answer.status_code == 303
    found = newest()
    assert (found.person, found.email_key) == (number, AIGERIM.email)
    assert (found.by, found.document) == ("body", "Order 12 of 2026-11-25")
    received = emails_to(AIGERIM.email)[-1].text
    assert found.request in received
    assert "take the block back" not in received
    assert [act.what for act in desk.staff_actions("blocking.placed")] == [found.request]
    assert "Blocks whose check has to end" in browser.get("/en/admin/").text
    # The person cannot end what the body ordered.
    own = desk.signed_in(app, number)
    assert "Take the block back" not in own.get("/en/account/data/block").text
    own.post("/en/account/data/block/end", data=desk.form(app))
    assert newest().lifted_at is None
    again = browser.post(f"{BLOCKS}new", data=desk.form(app, **order))
    assert (again.status_code, newest().id) == (303, found.id)


@pytest.mark.clause("6.2.4")
def test_the_body_takes_over_a_block_that_its_person_could_end(app: Flask) -> None:
    own = desk.signed_in(app, desk.person(AIGERIM))
    first = blocked(own, "/en/account/data/block")
    number, since = first.request, first.from_at
    order = {"by": "body", "person": str(first.person), "email": "", "language": "en"}
    given = {**order, "document": "Order 12", "reason": "Inspection of the body"}
    answer = dana(app).post(f"{BLOCKS}new", data=desk.form(app, **given))
    assert answer.location == f"{DESK}{number}"
    found = newest()
    assert (found.by, found.document, found.from_at) == ("body", "Order 12", since)
    assert [act.what for act in desk.staff_actions("blocking.placed")] == [number]
    page = own.get("/en/account/data/block").text
    assert ("the authorised body" in page, "Take the block back" in page) == (True, False)
    own.post("/en/account/data/block/end", data=desk.form(app))
    assert newest().lifted_at is None


@SQLITE
@pytest.mark.clause("6.2.4")
def test_the_address_of_an_account_means_its_person(app: Flask) -> None:
    """By the address alone nothing of the account would be found."""
    number, browser = desk.person(AIGERIM), dana(app)
    order = {"by": "body", "person": "", "document": "Order 12", "language": "en"}
    given = {**order, "email": AIGERIM.email.upper(), "reason": "Inspection of the body"}
    assert browser.post(f"{BLOCKS}new", data=desk.form(app, **given)).status_code == 303
    found = newest()
    assert (found.person, found.email_key) == (number, AIGERIM.email)
    assert request_of(found.request).person == number
    [act] = desk.staff_actions("blocking.placed")
    assert act.person == number
    own = browser.post(
        f"{BLOCKS}new", data=desk.form(app, **{**given, "email": DANA.email})
    )
    assert (own.status_code, "This is your own request" in own.text) == (422, True)


@SQLITE
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"person": "x"}, "number of the person"),
        ({"person": "99"}, "number of the person"),
        ({"person": ""}, "or the e-mail"),
        ({"person": "me"}, "This is your own request"),
        ({"reason": ""}, "what for"),
        ({"document": "№" * 121}, "Shorten it to 120"),
    ],
)
def test_what_is_wrong_is_said(app: Flask, changes: dict[str, str], words: str) -> None:
    browser = dana(app)
    order = {"by": "staff", "person": "1", "email": "", "document": "", "language": "en"}
    given = {**order, "reason": "Seen by us", **changes}
    given["person"] = given["person"].replace("me", "1")
    page = browser.post(f"{BLOCKS}new", data=desk.form(app, **given))
    assert (page.status_code, words in page.text) == (422, True)
    assert queries.count_open() == 0


@pytest.mark.clause("6.2.4")
def test_a_request_on_paper_blocks_at_once(app: Flask) -> None:
    browser = dana(app)
    form = answers(kind="block", received="2026-11-25", email=GUEST.email)
    page = browser.post(f"{DESK}new", data=desk.form(app, **form))
    assert page.status_code == 200
    found = newest()
    assert (found.by, found.email_key) == ("agent", GUEST.email)
    assert found.document.startswith("Identity card")


@pytest.mark.clause("6.2.4")
def test_a_paper_about_an_account_blocks_what_is_under_its_address(app: Flask) -> None:
    """As the press of its owner does: an order without signing in is refused, too."""
    browser, number = dana(app), desk.person(AIGERIM)
    form = answers(kind="block", received="2026-11-25", email="", person=str(number))
    assert browser.post(f"{DESK}new", data=desk.form(app, **form)).status_code == 200
    found = newest()
    assert (found.person, found.email_key) == (number, AIGERIM.email)


@SQLITE
def test_a_check_that_has_ended_is_called_so(app: Flask, block: DataBlock) -> None:
    browser, number = dana(app), block.request
    path = f"{BLOCKS}{number}"
    assert "Take the request first" in browser.get(path).text
    taken(app, browser, number)
    form = desk.form(app, outcome="unfounded", words="We have looked at it.")
    browser.post(f"{DESK}{number}/answer", data=form)
    answer = browser.post(path, data=desk.form(app, reason="The name of the order"))
    assert (answer.status_code, "Nothing is blocked" in answer.text) == (404, True)


@pytest.mark.clause("6.2.4")
def test_a_request_that_names_nobody_leads_to_no_data(app: Flask) -> None:
    browser = dana(app)
    send(browser, f"{DESK}new", **answers(kind="block", email="", person=""))
    number = db.session.scalars(select(DataRequest.number)).one()
    taken(app, browser, number)
    path = f"{BLOCKS}{number}"
    assert browser.get(path).status_code == 404
    assert path not in browser.get(f"{DESK}{number}").text
