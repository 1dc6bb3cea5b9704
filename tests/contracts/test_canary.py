"""The autouse fixture `canary` detects leaks."""

import logging
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask import Flask
from itsdangerous import URLSafeSerializer

from neupusti.core.mail import message
from neupusti.core.mail.models import OutboxState
from neupusti.core.mail.outbox import service
from tests.admin.test_mail import email
from tests.canary import Captured, listening, names_somebody
from tests.conftest import SQLITE
from tests.people import AIGERIM, CAST, Person

LEAKS = (
    AIGERIM.email,
    AIGERIM.email.upper(),
    quote(AIGERIM.email, safe=""),
    quote(quote(AIGERIM.email, safe="")),
    AIGERIM.phone,
    quote("+7 (701) 000-00-01"),
    quote("8\u00a0701\u00a0000\u00a000\u00a001"),
    urlsafe_b64encode(f'["{AIGERIM.email}"]'.encode()).decode(),
    str(URLSafeSerializer("x" * 32).dumps({"email": AIGERIM.email})),
    str(URLSafeSerializer("x" * 32).dumps({"a": "x" * 400, "phone": AIGERIM.phone})),
)
"""Ways in which an address may hold an email or a phone number."""
PAGES = (
    '<a href="/x?next={}">x</a>',
    '<form action="/x/{}" method="post"></form>',
    '<form method="post"><button formaction="/{}">x</button></form>',
    '<img src="/avatar/{}.webp" alt="">',
    '<meta http-equiv="refresh" content="0; url=/{}">',
    '<form><input type="hidden" name="q" value="{}"></form>',
    '<form action="/search" method="GET"><button name="q" value="{}">x</button></form>',
)
HARMLESS = (
    f"<p>{AIGERIM.email}</p><form><input></form>"
    f'<form method="post"><input name="email" value="{AIGERIM.email}"></form>'
    f'<a href="tel:{AIGERIM.phone}">{AIGERIM.phone}</a>'
)


@pytest.fixture
def captured(canary: Captured) -> Iterator[Captured]:
    """The recorder of this test, cleared of the deliberate leaks."""
    yield canary
    canary.leaks.clear()


@pytest.mark.parametrize("person", CAST, ids=lambda person: person.email)
def test_each_of_the_cast_is_recognised(person: Person) -> None:
    lines = [
        f"event={person.email}",
        f"event={person.phone}",
        f'event="8 {person.phone[2:]}"',
        f"event='+7 ({person.phone[2:5]}) {person.phone[5:8]}-{person.phone[8:]}'",
    ]
    assert all(names_somebody(line) for line in lines)
    assert not names_somebody("at=2026-11-22T12:00:00 event=sold good=teapot")


@pytest.mark.parametrize("logger", ["neupusti.shop", "sqlalchemy.pool"])
def test_lines_of_every_logger_are_recorded(logger: str) -> None:
    with listening() as captured:
        logging.getLogger(logger).warning("hello")
    assert len([line for line in captured.lines if "event=hello" in line]) >= 1


def test_messages_of_exceptions_are_not_logged() -> None:
    """Else the canary would fail this test."""
    with listening() as captured:
        try:
            raise ValueError(AIGERIM.email)  # noqa: TRY301
        except ValueError:
            logging.getLogger("neupusti.shop").exception("failed")
    assert captured.lines
    assert not any(names_somebody(line) for line in captured.lines)


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_in_a_redirect_is_detected(captured: Captured, leak: str) -> None:
    site = Flask("leaking")
    led = {"Location": f"/login?next=/{leak}"}
    site.add_url_rule("/", view_func=lambda: ("", 303, led))
    site.test_client().get("/")
    assert len(captured.leaks) == 1


@pytest.mark.parametrize("page", PAGES)
def test_a_leak_in_an_address_on_a_page_is_detected(captured: Captured, page: str) -> None:
    site = Flask("leaking")
    site.add_url_rule("/<int:n>", "page", lambda n: page.format(LEAKS[n]))
    for number, leak in enumerate(LEAKS):
        site.test_client().get(f"/{number}")
        assert len(captured.leaks) == number + 1, leak


def test_text_on_a_page_is_no_leak() -> None:
    site = Flask("right")
    site.add_url_rule("/", view_func=lambda: HARMLESS)
    assert site.test_client().get("/").status_code == 200


@SQLITE
@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("subject", f"Hello {AIGERIM.email}"),
        ("subject", "Call 8 701 000 00 01"),
        ("text", f"Follow http://127.0.0.1:8000/confirm?to={AIGERIM.email}\n"),
        ("html", f'<a href="http://127.0.0.1:8000/confirm/{LEAKS[-2]}">x</a>'),
    ],
)
def test_a_leak_in_an_email_is_detected(
    app: Flask, captured: Captured, part: str, words: str
) -> None:
    leaking = email(OutboxState.KEPT)
    setattr(leaking, part, words)
    message.head(leaking, service())
    assert len(captured.leaks) == 1
