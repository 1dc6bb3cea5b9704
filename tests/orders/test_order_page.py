"""The page of an order: who sees it, what it says, and what a buyer changes there."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.security import tokens
from neupusti.orders.models.order import OrderState, ShopOrder
from neupusti.orders.service import links
from neupusti.orders.service.life import changing
from tests.accounts import cast
from tests.conftest import SQLITE
from tests.orders import buying
from tests.orders.buying import ADDRESS, KETTLE, SOCKS, Shopper
from tests.people import AIGERIM, BOLAT, GUEST, Person

CHANGES = ("cancel", "address", "return")
WORDS = re.compile(r"<h1.*?</h1>.*?<form", re.DOTALL)
"""A page from its heading to its form."""


def signed_in(app: Flask, who: Person) -> Shopper:
    """Return a shopper who is signed in."""
    shopper = Shopper(app, who)
    shopper.browser = cast.signed_in(app, cast.account(who))
    return shopper


@SQLITE
@pytest.mark.clause("3.2.4")
def test_the_owner_sees_the_order_and_nobody_else(app: Flask) -> None:
    aigerim, bolat = signed_in(app, AIGERIM), signed_in(app, BOLAT)
    order = aigerim.bought(buying.product(), by="courier")
    path = f"/orders/{order.number}"
    aigerim.browser.delete_cookie("basket")
    assert order.number in aigerim.get(path).text
    for stranger in (bolat, Shopper(app)):
        pages = [path, *(f"{path}/{name}" for name in CHANGES)]
        for answer in (stranger.get(page) for page in pages):
            assert answer.status_code == 404
            assert AIGERIM.email not in answer.text
            assert 'action="/orders/find"' in answer.text
        for name in CHANGES:
            answer = stranger.post(f"{path}/{name}", what="whole", version="1", **ADDRESS)
            assert answer.status_code == 404
    assert buying.now_of(order).state == OrderState.NEW
    assert bolat.get("/account/orders").text.count(order.number) == 0
    assert order.number in aigerim.get("/account/orders").text


@SQLITE
@pytest.mark.situation(6)
def test_the_number_alone_opens_nothing(app: Flask, order: ShopOrder) -> None:
    stranger = Shopper(app)
    answer = stranger.get(f"/orders/{order.number}")
    unknown = stranger.get("/orders/NP-261122-7K3F-5")
    assert (answer.status_code, unknown.status_code) == (404, 404)
    assert GUEST.email not in answer.text
    assert 'name="robots" content="noindex"' in answer.text


@SQLITE
def test_a_number_in_another_spelling_is_redirected(
    guest: Shopper, order: ShopOrder
) -> None:
    for spelling in (order.number.lower(), order.number.replace("NP", "НП", 1)):
        answer = guest.get(f"/orders/{spelling}")
        assert answer.status_code == 301
        assert answer.headers["Location"] == f"/orders/{order.number}"
    wrong = order.number[:-1] + ("0" if order.number[-1] != "0" else "1")
    mistyped = guest.get(f"/orders/{wrong}")
    assert mistyped.status_code == 404
    assert "один из знаков неверен" in mistyped.text


def test_the_page_says_all_of_the_order(guest: Shopper, order: ShopOrder) -> None:
    page = guest.get(f"/orders/{order.number}").text
    told = (KETTLE[0], SOCKS[0], GUEST.email, "+7\u00a0701", "улица Жибек Жолы", "Домофон")
    for word in (*told, "новый", "Заказ оформлен"):
        assert word in page
    buying.delivered(order, 2, 1)
    page = guest.get(f"/orders/{order.number}").text
    for word in ("Посылка доставлена", "Посылка в пути", "Заказ подтверждён"):
        assert word in page


@SQLITE
def test_notes_of_staff_are_not_shown(guest: Shopper, order: ShopOrder) -> None:
    changing.note(buying.press(order), "Звонил дважды")
    assert "Звонил дважды" not in guest.get(f"/orders/{order.number}").text


@SQLITE
@pytest.mark.situation(11)
def test_an_order_shows_its_snapshot(guest: Shopper, order: ShopOrder) -> None:
    buying.change(buying.made(1), name_ru="Другое имя", price=1, published=False)
    page = guest.get(f"/orders/{order.number}").text
    assert KETTLE[0] in page
    assert "Другое имя" not in page


@pytest.mark.situation(6)
@pytest.mark.clause("3.4")
def test_a_link_opens_its_order_until_it_ends(
    app: Flask, order: ShopOrder, at: Callable[[datetime], None]
) -> None:
    letter = cast.emails_to(GUEST.email)[-1]
    path = cast.link(letter, "/orders/link/")
    assert path.rpartition("/")[2] not in letter.subject
    reader = Shopper(app)
    answer = reader.browser.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (
        *(303, f"/orders/{order.number}"),
    )
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert GUEST.email in reader.get(f"/orders/{order.number}").text
    assert buying.now_of(order).email_proved_at is not None

    start = clock.now()
    at(start + timedelta(hours=25))
    shown = reader.get(f"/orders/{order.number}").text
    assert f"{order.number}/cancel" not in shown
    assert 'href="/orders/find"' in shown
    refused = reader.get(f"/orders/{order.number}/cancel")
    assert refused.status_code == 404
    assert "больше суток" in refused.text
    at(start + timedelta(days=15))
    assert reader.get(f"/orders/{order.number}").status_code == 404
    ended = Shopper(app).browser.get(path)
    assert ended.status_code == 404
    assert 'action="/orders/find"' in ended.text
    assert ended.headers["Referrer-Policy"] == "no-referrer"


@SQLITE
@pytest.mark.situation(6)
def test_a_revoked_link_ends_at_once(guest: Shopper, order: ShopOrder) -> None:
    assert guest.get(f"/orders/{order.number}").status_code == 200
    with writing() as session:
        tokens.revoke_target(session, links.PURPOSE, order.id)
    assert guest.get(f"/orders/{order.number}").status_code == 404


@SQLITE
def test_a_wrong_link_has_one_wording(app: Flask, order: ShopOrder) -> None:
    token = cast.link(cast.emails_to(GUEST.email)[-1], "/orders/link/").rpartition("/")[2]
    off = ("B" if token[0] == "A" else "A") + token[1:]
    spoiled = (off, token.swapcase(), token.upper(), token[:-1], token + "A")
    with writing() as session:
        ended = tokens.issue(session, "order", timedelta(), target=order.id)
        foreign = tokens.issue(session, "courier", timedelta(days=1), target=order.id)
    pages = set()
    for wrong in ("x", "0" * 43, "é" * 43, "a" * 300, *spoiled, ended, foreign):
        answer = Shopper(app).get(f"/orders/link/{wrong}")
        assert answer.status_code == 404, wrong
        pages.add(WORDS.findall(answer.text)[0])
    assert len(pages) == 1


def test_an_order_is_found_by_number_and_e_mail(app: Flask, order: ShopOrder) -> None:
    reader = Shopper(app)
    answers = [
        reader.post("/orders/find", number=number, email=email)
        for number, email in (
            (order.number.lower(), GUEST.email),
            (order.number, BOLAT.email),
        )
    ]
    for answer in answers:
        assert answer.status_code == 303
        assert answer.headers["Location"] == "/orders/find/sent"
    assert "Если заказ с этим номером" in reader.get("/orders/find/sent").text
    assert cast.emails_to(BOLAT.email) == []
    path = cast.link(cast.emails_to(GUEST.email)[-1], "/orders/link/")
    reader.browser.get(path)
    assert f"{order.number}/cancel" in reader.get(f"/orders/{order.number}").text


@SQLITE
@pytest.mark.situation(7)
def test_an_e_mail_in_the_address_fills_nothing(app: Flask) -> None:
    page = Shopper(app).get("/orders/find?email=a%40b.example&number=NP-261122-7K3F-5").text
    assert "a@b.example" not in page.replace("a%40b.example", "")
    assert 'value="NP-' not in page


@SQLITE
@pytest.mark.parametrize(
    ("number", "email", "field"),
    [
        ("", GUEST.email, "number"),
        ("x", GUEST.email, "number"),
        ("NP-261122-7K3F-6", GUEST.email, "number"),
        ("NP-261122-7K3F-5", "", "email"),
        ("NP-261122-7K3F-5", "x", "email"),
        ("9" * 4000, GUEST.email, "number"),
    ],
)
def test_a_wrong_search_is_refused_in_words(
    app: Flask, number: str, email: str, field: str
) -> None:
    answer = Shopper(app).post("/orders/find", number=number, email=email)
    assert answer.status_code == 422
    assert "<title>Ошибка:" in answer.text
    assert f'href="#{field}"' in answer.text


@SQLITE
def test_the_list_of_an_account_has_pages_and_an_empty_state(app: Flask) -> None:
    aigerim = signed_in(app, AIGERIM)
    assert "пока нет заказов" in aigerim.get("/account/orders").text
    kettle = buying.product(pieces=99)
    for _ in range(21):
        cast.reset_throttle()
        aigerim.bought(kettle)
    first = aigerim.get("/account/orders").text
    second = aigerim.get("/account/orders?page=2").text
    numbers = [order.number for order in buying.orders()]
    assert numbers[-1] in first
    assert numbers[0] not in first
    assert numbers[0] in second
    for odd in ("-1", "9" * 30, "x", "0"):
        assert aigerim.get(f"/account/orders?page={odd}").status_code == 200
    assert aigerim.get("/account/").text.count('href="/account/orders"') == 1


@SQLITE
def test_the_list_needs_a_sign_in(app: Flask) -> None:
    answer = Shopper(app).get("/account/orders")
    assert answer.headers["Location"] == "/account/login?next=/account/orders"


@SQLITE
def test_wrong_methods_are_refused(guest: Shopper, order: ShopOrder) -> None:
    for path in (f"/orders/{order.number}", "/orders/find/sent", "/account/orders"):
        assert guest.browser.post(path, headers=buying.SAME_ORIGIN).status_code == 405
    for path in ("/orders/find", f"/orders/{order.number}/cancel"):
        assert guest.browser.put(path, headers=buying.SAME_ORIGIN).status_code == 405
