from datetime import timedelta
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from neupusti.consent.models import ConsentCount
from neupusti.consent.views.extension import ConsentExtension
from neupusti.core import clock
from neupusti.core.data.database import Base, db
from neupusti.core.registry import registry
from tests.conftest import SQLITE
from tests.consent.conftest import OWN, Visitor, records
from tests.times import Clock

PAGES = ("/", "/policy/", "/en/policy/", "/kk/", "/cookies/", "/no-such-page")
BANNER = 'value="reject"'


def rows() -> dict[str, int]:
    """Return how many rows each table of the main database holds."""
    db.session.rollback()
    counts = {
        table.name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    }
    db.session.rollback()
    return counts


def public_addresses(app: Flask) -> list[str]:
    with app.test_request_context():
        found = [app.url_for(end, **values) for end, values in registry().addresses()]
    return [prefix + address for prefix in ("", "/kk", "/en") for address in found]


@pytest.mark.clause("1.1.7")
@pytest.mark.slow
def test_a_first_visit_to_any_public_page_sets_nothing_and_writes_nothing(
    app: Flask,
) -> None:
    before = rows()
    for address in public_addresses(app):
        response = app.test_client().get(address)
        assert response.status_code == 200, address
        assert "Set-Cookie" not in response.headers, address
    assert rows() == before


@SQLITE
@pytest.mark.ordeal(200, 10_000)
@pytest.mark.slow
def test_the_visits_of_robots_write_no_row(
    app: Flask, consent: ConsentExtension, size: int
) -> None:
    before = rows()
    robot = app.test_client(use_cookies=False)
    for _ in range(size):
        robot.get("/policy/", headers={"User-Agent": "Examplebot/1.0"}, buffered=False)
    assert rows() == before
    assert sum(consent.tally.shown.values()) == size


@SQLITE
def test_the_banner_asks_on_every_page_but_the_one_that_asks_itself(
    client: FlaskClient,
) -> None:
    for page in ("/", "/policy/", "/kk/policy/", "/no-such-page"):
        body = client.get(page).text
        assert body.index("<body>") < body.index(BANNER) < body.index('class="skip"')
        name = "«Neupusti.net» ЖШС" if page.startswith("/kk") else "ТОО «Neupusti.net»"
        assert name in body[: body.index('class="skip"')]
    assert client.get("/cookies/").text.count(BANNER) == 1


@pytest.mark.parametrize(
    ("action", "categories", "granted"),
    [
        ("reject", [], ""),
        ("accept", [], "preferences"),
        ("save", [], ""),
        ("save", ["preferences"], "preferences"),
    ],
)
def test_a_choice_is_kept_and_the_banner_goes(
    visitor: Visitor, action: str, categories: list[str], granted: str
) -> None:
    response = visitor.choose(action, *categories, next="/policy/")
    assert response.status_code == 303
    assert [record.granted for record in records()] == [granted]
    shown = visitor.client.get(response.location, headers=OWN).text
    assert BANNER not in shown
    assert shown.count("autofocus") == 1
    assert "autofocus" not in visitor.client.get("/policy/").text


def test_the_same_choice_twice_writes_one_row(visitor: Visitor) -> None:
    for action in ("reject", "reject", "save", "withdraw"):
        assert visitor.choose(action).status_code == 303
    assert len(records()) == 1
    visitor.choose("accept")
    visitor.choose("save", "preferences")
    assert [record.granted for record in records()] == ["", "preferences"]


@SQLITE
def test_what_our_forms_do_not_send_is_refused_in_words(visitor: Visitor) -> None:
    for form in ({"choice": "everything"}, {"choice": ""}, {}):
        response = visitor.client.post("/cookies/", data=form, headers=OWN)
        assert response.status_code == 422
    assert visitor.choose("save", "necessary").status_code == 422
    assert visitor.choose("save", "preferences", "spying").status_code == 422
    assert records() == []
    assert visitor.cookie() is None


@SQLITE
def test_the_notice_about_a_choice_is_not_shown_to_others(
    visitor: Visitor, app: Flask, at: Clock
) -> None:
    address = visitor.choose("reject", next="/policy/").location
    for headers in (
        {},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Referer": "http://localhost/"},
        {"Referer": "http://elsewhere.example/"},
    ):
        stranger = app.test_client().get(address, headers=headers).text
        assert "autofocus" not in stranger
        assert BANNER in stranger
        assert "autofocus" not in visitor.client.get(address, headers=headers).text
    assert "autofocus" in visitor.client.get(address, headers=OWN).text
    old = {"Referer": "http://localhost/policy/"}
    assert "autofocus" in visitor.client.get(address, headers=old).text
    at(clock.now() + timedelta(minutes=6))
    assert "autofocus" not in visitor.client.get(address, headers=OWN).text


@SQLITE
@pytest.mark.parametrize(
    "marker", ["", "1", "saved-", "saved-x", "lost-{now}", "cookies off-{now}", "-{now}"]
)
def test_a_marker_that_no_choice_made_is_no_notice(visitor: Visitor, marker: str) -> None:
    visitor.choose("reject")
    written = marker.format(now=int(clock.now().timestamp()))
    address = f"/policy/?cookies={quote(written)}"
    assert "autofocus" not in visitor.client.get(address, headers=OWN).text


@SQLITE
def test_each_kind_of_choice_has_a_sentence_of_its_own(app: Flask) -> None:
    def said(visitor: Visitor, action: str, *categories: str) -> str:
        answer = visitor.choose(action, *categories, next="/en/policy/")
        while answer.status_code == 303:
            address = answer.location.replace("/cookies/?", "/en/cookies/?")
            answer = visitor.client.get(address, headers=OWN)
        strip = answer.text.partition('class="cookies"')[2].partition("<a ")[0]
        return strip.partition("autofocus>")[2].split(":")[0].strip()

    presses = [said(Visitor(app.test_client()), "reject")]
    visitor = Visitor(app.test_client())
    actions = ("accept", "withdraw", "accept", "reject", "withdraw", "erase")
    presses += [said(visitor, action) for action in actions]
    assert presses == [
        *("Refused", "Saved", "Withdrawn", "Saved", "Withdrawn", "Refused", "Erased"),
    ]


@SQLITE
def test_a_browser_without_cookies_is_notified_once(app: Flask) -> None:
    browser = app.test_client(use_cookies=False)
    sent = browser.post("/cookies/", data={"choice": "accept", "next": "/en/"}, headers=OWN)
    output = browser.get(sent.location, headers=OWN).text
    assert sent.location.startswith("/en/?cookies=")
    assert "keeps no cookies" in output
    assert BANNER not in output
    assert BANNER in browser.get("/en/").text


@SQLITE
def test_the_question_comes_back_to_the_page_with_its_query(visitor: Visitor) -> None:
    page = "http://localhost/policy/2022-08-04/?source=restatement"
    sent = visitor.choose("reject", next="/policy/2022-08-04/", headers={"Referer": page})
    assert sent.location.startswith("/policy/2022-08-04/?source=restatement&cookies=")


def test_half_a_year_later_the_visitor_is_asked_again_yes_and_no_alike(
    app: Flask, at: Clock
) -> None:
    begun = clock.now()
    for action, granted in (("accept", "preferences"), ("reject", "")):
        at(begun)
        visitor = Visitor(app.test_client())
        visitor.choose(action)
        visitor.press("/theme/", theme="dark")
        first = records()[-1]
        at(begun + timedelta(days=179))
        assert BANNER not in visitor.client.get("/").text
        at(begun + timedelta(days=180, minutes=1))
        again = visitor.client.get("/en/").text
        assert BANNER in again
        assert "half a year" in again
        assert 'content="light dark"' in again
        visitor.choose(action)
        end, renewed = records()[-2:]
        assert (end.source, end.granted, end.replaces) == ("expiry", "", first.public_id)
        assert (renewed.granted, renewed.replaces) == (granted, end.public_id)


def test_counts_are_written_with_the_next_choice(app: Flask) -> None:
    for _ in range(3):
        app.test_client().get("/policy/")
    Visitor(app.test_client()).choose("reject")
    chosen = Visitor(app.test_client())
    chosen.choose("accept")
    chosen.choose("withdraw")
    db.session.rollback()
    counts = {
        (count.category, count.outcome): count.number
        for count in db.session.scalars(select(ConsentCount))
    }
    assert counts == {
        (category, outcome): number
        for category in ("all", "preferences")
        for outcome, number in (
            ("shown", 3),
            ("rejected", 1),
            ("accepted", 1),
            ("withdrawn", 1),
        )
    }


@SQLITE
def test_one_address_cannot_fill_the_table(app: Flask, consent: ConsentExtension) -> None:
    consent.limit.times = 3
    answers = [Visitor(app.test_client()).choose("accept") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert len(records()) == 3


@SQLITE
def test_a_wording_that_changed_meanwhile_is_not_agreed_to(
    visitor: Visitor, consent: ConsentExtension
) -> None:
    with visitor.client.application.test_request_context("/"):
        shown = consent.wording_hash("banner")
    answered = visitor.choose("accept", seen="0" * 12, next="/policy/")
    assert answered.location == "/cookies/?why=changed&next=/policy/"
    assert "nothing was saved" in visitor.client.get(f"/en{answered.location}").text
    assert records() == []
    visitor.choose("reject", seen="0" * 12)
    visitor.choose("accept", seen=shown)
    assert [record.source for record in records()] == ["page", "banner"]


@pytest.mark.parametrize("seen", ["\0" * 12, "%" * 12, "F" * 12])
def test_a_hash_that_no_form_sends_is_a_wording_that_changed(
    visitor: Visitor, seen: str
) -> None:
    """PostgreSQL refuses to compare with a NUL, which is no fault of the database."""
    answer = visitor.choose("accept", seen=seen)
    assert answer.status_code == 303
    assert "why=changed" in answer.location
    assert visitor.choose("reject", seen=seen).status_code == 303
