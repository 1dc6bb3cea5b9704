"""Hostile texts in every field of the order form: clear words, nothing stored or lost."""

from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.core.data.database import db
from neupusti.core.mail.models import OutboxEmail
from neupusti.orders.models.address import OrderAddress
from neupusti.orders.models.order import ShopOrder
from tests.accounts import cast
from tests.orders import buying
from tests.orders.buying import ADDRESS, SAME_ORIGIN, Shopper

pytestmark = pytest.mark.slow
NAMES = ("family_name", "given_name", "patronymic")
TEXTS = ("city", "street", "house", "flat", "comment")
CHOICES = ("delivery", "payment", "region")
COLUMNS = ShopOrder.__table__.columns
NEVER = {
    "text direction": "\u202eмонеД",
    "NUL": "Да\x00на",
    "a line end": "Дана\rBcc: bolat",
    "nothing seen": "\u200b\ufeff\u2060",
    "private signs": "\ue000\ufffe",
    "a long one": "ж" * 5000,
}
"""What no field accepts; only a note has several lines."""
NO_NAMES = {
    "a header": "Дана\r\nBcc: bolat",
    "a formula": '=HYPERLINK("x")',
    "a script": "<script>alert(1)</script>",
    "an address": "https://evil.example/x",
    "a domain": "evil.example",
    "a picture": "🫖",
    "marks": "а" + "\u0301" * 30,
    "a template": "{{ config }}",
    "quotes": "'; DROP TABLE shop_order; --",
    "digits": "１２٣",
}
"""What an address or a note may hold, and no name."""
REFUSED = [
    *((name, what) for name in (*NAMES, *TEXTS, *CHOICES, "phone") for what in NEVER),
    *((name, what) for name in (*NAMES, *CHOICES, "phone") for what in NO_NAMES),
    *(("postcode", what) for what in {**NEVER, **NO_NAMES}),
]


@pytest.fixture
def guest(app: Flask) -> Shopper:
    """Somebody without an account, with a kettle in the basket."""
    made = Shopper(app)
    made.put(buying.product(pieces=999))
    return made


def test_what_no_field_accepts_is_refused_and_nothing_is_lost(guest: Shopper) -> None:
    token, answers = guest.token(), guest.answers("courier")
    for name, what in set(REFUSED) - {("comment", "a line end")}:
        sent = {**answers, name: {**NEVER, **NO_NAMES}[what], "csrf_token": token}
        answer = guest.browser.post("/checkout/", data=sent, headers=SAME_ORIGIN)
        assert answer.status_code == 422, (name, what)
        page = unescape(answer.text).replace(">\r\n", ">")
        assert "<title>Ошибка:" in page, (name, what)
        assert page.index('role="alert"') < page.index("<h1"), (name, what)
        assert f'href="#{name}' in page, (name, what)
        for other in (*NAMES, *ADDRESS, "email", "payment"):
            kept = answers[other]
            is_there = f'value="{kept}"' in page or f">{kept}<" in page
            assert other == name or not kept or is_there, (name, what, other)
    assert buying.orders() == []
    assert buying.left(buying.made(1)) == 999


def test_what_a_note_may_hold_stays_text(guest: Shopper) -> None:
    """Stored as typed, shown as text, in no header of an email."""
    parts = ("city", "street", "house", "flat")
    for text in NO_NAMES.values():
        where = {} if "\n" in text else dict.fromkeys(parts, text)
        guest.put(buying.made(1))
        answer = guest.order("courier", comment=text, **where)
        assert answer.status_code == 303, text
        order = buying.orders()[-1]
        address = db.session.get_one(OrderAddress, order.id)
        typed = text.replace("\r\n", "\n")
        assert order.comment == typed
        assert [getattr(address, part) for part in where] == [text] * len(where)
        page = guest.browser.get(answer.headers["Location"]).text
        assert typed in unescape(page)
        assert "<script>alert" not in page
        subjects = db.session.scalars(select(OutboxEmail.subject)).all()
        assert not [subject for subject in subjects if text in subject]
        cast.reset_throttle()


def test_of_two_answers_of_a_field_the_second_is_never_stored(guest: Shopper) -> None:
    answers = guest.answers("courier")
    for name in (*NAMES, *ADDRESS, "delivery", "payment", "phone", "email", "consent"):
        guest.put(buying.made(1))
        before = len(buying.orders())
        twice: dict[str, Any] = {name: [answers[name], "evil\x00"]}
        answer = guest.order("courier", **twice)
        assert answer.status_code == 303, name
        order = buying.orders()[before]
        columns = {column.name: getattr(order, column.name) for column in COLUMNS}
        assert "evil" not in str(columns)
        cast.reset_throttle()


def test_fields_that_nobody_fills_break_nothing(guest: Shopper) -> None:
    fields = ("go", "account", "basket", "version", "what", "next", "price", "line-1")
    for field in fields:
        for text in ("\x00", "9" * 4000, "é", "' OR 1"):
            guest.put(buying.made(1))
            answer = guest.order("courier", **{field: text})
            assert answer.status_code == 303, (field, text)
            cast.reset_throttle()
    assert {order.total for order in buying.orders()} == {12990 + 1500}
