"""The staff pages: an issue written, tried on oneself, counted, sent, watched."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from neupusti.core.data.database import db
from neupusti.core.rules import Permission
from neupusti.newsletter.models import CampaignOrders, Issue, IssueState
from neupusti.newsletter.service import posting
from tests import desk
from tests.conftest import SQLITE
from tests.core.smtp_server import SmtpServer
from tests.newsletter import cast
from tests.people import BOLAT, DANA
from tests.times import NOON

BOARD = "/admin/newsletter/"
TEXTS = {
    f"{name}_{language}": f"{text} {language}"
    for language in ("ru", "kk", "en")
    for name, text in (("subject", "Subject"), ("body", "Body\n\n/catalog/\n\n"))
}


@pytest.fixture
def dana(app: Flask) -> FlaskClient:
    """Дана's browser; she writes the news."""
    return desk.signed_in(app, desk.member(DANA, Permission.NEWSLETTER))


def press(app: Flask, browser: FlaskClient, path: str, **fields: object) -> TestResponse:
    return browser.post(path, data=desk.form(app, **fields))


def written(app: Flask, browser: FlaskClient, **changes: object) -> int:
    """Write an issue on the page; return its number."""
    answer = press(app, browser, BOARD, topic="goods", **{**TEXTS, **changes})
    assert answer.status_code == 303, answer.text
    db.session.rollback()
    number = db.session.scalars(select(Issue.id).order_by(Issue.id.desc())).first()
    assert number is not None
    assert answer.location == f"{BOARD}{number}?done=saved"
    return number


@pytest.mark.clause("4.1.9")
@pytest.mark.manifest(field="access")
def test_only_who_may_write_news_sees_the_desk(app: Flask) -> None:
    others = [one for one in Permission if one is not Permission.NEWSLETTER]
    browser = desk.signed_in(app, desk.member(DANA, *others))
    number = cast.issue()
    for path in (BOARD, f"{BOARD}new", f"{BOARD}{number}", f"{BOARD}{number}/preview"):
        assert browser.get(path).status_code == 403
    answer = press(app, browser, f"{BOARD}{number}/moves", to="start")
    assert answer.status_code == 403


@pytest.mark.manifest(field="admin_menu")
@pytest.mark.manifest(field="staff_actions")
def test_an_issue_is_written_counted_sent_and_done(
    sending: Flask, smtp: SmtpServer, dana: FlaskClient
) -> None:
    cast.subscriber()
    assert f'href="{BOARD}"' in dana.get("/admin/").text
    number = written(sending, dana, due_at="2026-11-30T10:00")
    due = cast.reread(Issue, number).due_at
    assert due == datetime(2026, 11, 30, 5, tzinfo=UTC)
    page = dana.get(f"/en{BOARD}{number}").text
    assert "it goes to 1 address now" in page
    assert 'value="2026-11-30T10:00"' in page
    preview = dana.get(f"/en{BOARD}{number}/preview").text
    for language in ("ru", "kk", "en"):
        assert f"Subject {language}" in preview
    assert "http://127.0.0.1:8000/kk/catalog/?utm_campaign=issue-1" in preview
    assert press(sending, dana, f"{BOARD}{number}/copies").status_code == 303
    press(sending, dana, f"{BOARD}{number}/moves", to="start")
    page_sending = dana.get(f"/en{BOARD}{number}")
    assert page_sending.headers["Refresh"] == "10"
    assert "being sent" in page_sending.text
    press(sending, dana, f"{BOARD}{number}/moves", to="pause")
    paused = dana.get(f"/en{BOARD}{number}")
    assert "paused" in paused.text
    assert "Refresh" not in paused.headers
    press(sending, dana, f"{BOARD}{number}/moves", to="resume")
    cast.sent_through(number)
    done = dana.get(f"/en{BOARD}{number}").text
    assert "<dt>Sent</dt><dd>1</dd>" in done
    assert len(smtp.emails) == 4
    codes = [action.action for action in desk.staff_actions() if "news" in action.action]
    assert codes == ["newsletter.started", "newsletter.paused", "newsletter.resumed"]
    journal = desk.signed_in(sending, desk.member(BOLAT, Permission.PRIVACY))
    assert "Started an issue of the newsletter" in journal.get("/en/admin/journal/").text


@SQLITE
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("body_ru", "<b>Чайники</b>", "Write plain text"),
        ("body_kk", "javascript:alert(1)", "Write plain text"),
        ("body_en", "<img src=https://elsewhere.example/x.png>", "Write plain text"),
        ("body_ru", "x" * 3001, "Shorten it to 3000 characters"),
        ("subject_ru", "x" * 121, "Shorten it to 120 characters"),
        ("subject_ru", "a\u202eb", "Remove the invisible"),
        ("topic", "nothing", "Choose one of the list"),
        ("due_at", "tomorrow", "Write the time like"),
        ("due_at", "2026-02-30T10:00", "Write the time like"),
    ],
)
def test_what_is_wrong_is_said_in_words(
    app: Flask, dana: FlaskClient, field: str, value: str, words: str
) -> None:
    fields = {"topic": "goods", **TEXTS, field: value}
    answer = press(app, dana, f"/en{BOARD}", **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert db.session.scalars(select(Issue)).all() == []


@SQLITE
def test_a_text_is_never_a_template(app: Flask, dana: FlaskClient) -> None:
    number = written(app, dana, body_ru="{{ config }} {% raw %} 3 < 4 & 5")
    page = dana.get(f"{BOARD}{number}/preview").text
    assert "{{ config }} {% raw %} 3 &lt; 4 &amp; 5" in page


@SQLITE
def test_an_issue_lacking_a_language_does_not_start(app: Flask, dana: FlaskClient) -> None:
    cast.subscriber()
    number = written(app, dana, body_kk="")
    answer = press(app, dana, f"/en{BOARD}{number}/moves", to="start")
    assert answer.status_code == 409
    assert "in all three languages first" in answer.text
    assert press(app, dana, f"/en{BOARD}{number}/copies").status_code == 409
    assert dana.get(f"{BOARD}{number}/preview").status_code == 200
    press(app, dana, f"{BOARD}{number}", topic="goods", **TEXTS)
    assert press(app, dana, f"{BOARD}{number}/moves", to="start").status_code == 303


@SQLITE
def test_a_stale_or_forged_press_is_refused(queueing: Flask, dana: FlaskClient) -> None:
    cast.subscriber()
    number = written(queueing, dana)
    moves = f"/en{BOARD}{number}/moves"
    for to, status in (("pause", 409), ("resume", 409), ("again", 409), ("x", 400)):
        assert press(queueing, dana, moves, to=to).status_code == status, to
    assert press(queueing, dana, moves, to="start").status_code == 303
    assert press(queueing, dana, moves, to="start").status_code == 409
    saved = press(queueing, dana, f"/en{BOARD}{number}", topic="goods", **TEXTS)
    assert saved.status_code == 409
    assert dana.post(moves, data={"to": "pause"}).status_code == 400
    assert cast.reread(Issue, number).state == IssueState.SENDING
    posting.run()
    assert cast.states(number) == {"posted": 1}
    for path in (f"{BOARD}999", f"{BOARD}999/preview", f"{BOARD}x"):
        assert dana.get(path).status_code == 404


@pytest.mark.clause("3.3.1")
def test_few_orders_of_a_campaign_are_not_shown(app: Flask, dana: FlaskClient) -> None:
    for name, orders in (("issue-1", 5), ("issue-2", 4)):
        db.session.add(CampaignOrders(campaign=name, orders=orders, last_at=NOON))
    db.session.commit()
    page = dana.get(f"/en{BOARD}").text
    assert '<th scope="row">issue-1</th><td class="number">5</td>' in page
    assert '<th scope="row">issue-2</th><td class="number">fewer than 5</td>' in page
