"""Sending an order: twice, at other prices, too often, and signed in meanwhile."""

import re

import pytest
from flask import Flask

from neupusti.core.text.money import tenge
from tests.accounts import cast
from tests.conftest import SQLITE
from tests.orders import buying
from tests.orders.buying import SAME_ORIGIN, SOCKS, Shopper
from tests.people import AIGERIM, GUEST

pytestmark = pytest.mark.usefixtures("kettles")

SUM = re.compile(r"<dd>([^<]+)</dd>(?=\s*<dt)")
TOTAL = re.compile(r'<data value="([0-9]+)">')
CONTACT = ("family_name", "given_name", "patronymic", "phone", "email")


@pytest.mark.situation(3)
def test_a_second_press_reaches_the_same_order(guest: Shopper) -> None:
    page = guest.post("/checkout/", **guest.answers("courier"), go="check").text
    data = {**buying.hidden(page), "consent": "y"}
    first = guest.browser.post("/checkout/", data=data, headers=SAME_ORIGIN)
    second = guest.browser.post("/checkout/", data=data, headers=SAME_ORIGIN)
    (order,) = buying.orders()
    assert first.headers["Location"] == f"/orders/{order.number}?done=placed"
    assert second.headers["Location"] == f"/orders/{order.number}?done=again"
    page = guest.browser.get(second.headers["Location"]).text
    assert "дважды ничего не заказано" in page
    assert "корзина пуста" not in page.lower()
    assert buying.left(buying.made(1)) == 18


@SQLITE
@pytest.mark.situation(3)
def test_a_new_basket_survives_the_second_press(guest: Shopper) -> None:
    page = guest.post("/checkout/", **guest.answers(), go="check").text
    data = {**buying.hidden(page), "consent": "y"}
    guest.browser.post("/checkout/", data=data, headers=SAME_ORIGIN)
    guest.put(buying.product(SOCKS))
    again = guest.browser.post("/checkout/", data=data, headers=SAME_ORIGIN)
    assert again.headers["Location"].endswith("?done=again")
    assert SOCKS[0] in guest.get("/cart/").text


@SQLITE
def test_a_rise_is_refused_with_both_prices(guest: Shopper) -> None:
    page = guest.post("/checkout/", **guest.answers(), go="check").text
    buying.change(buying.made(1), price=13990)
    answer = guest.browser.post("/checkout/", data={**buying.hidden(page), "consent": "y"})
    assert answer.status_code == 422
    summary = answer.text[answer.text.index('role="alert"') :].split("</div>")[0]
    assert tenge(12990) in summary
    assert tenge(13990) in summary
    assert buying.orders() == []
    again = guest.browser.post(
        "/checkout/", data={**buying.hidden(answer.text), "consent": "y"}
    )
    assert again.status_code == 303
    assert buying.orders()[0].goods == 2 * 13990


@SQLITE
def test_a_fall_is_passed_on_and_said(guest: Shopper) -> None:
    page = guest.post("/checkout/", **guest.answers(), go="check").text
    buying.change(buying.made(1), price=11990)
    answer = guest.browser.post("/checkout/", data={**buying.hidden(page), "consent": "y"})
    assert answer.headers["Location"].endswith("?done=cheaper")
    assert "подешевел" in guest.browser.get(answer.headers["Location"]).text
    assert buying.orders()[0].goods == 2 * 11990


@SQLITE
@pytest.mark.situation(11)
def test_a_shortage_says_how_many_are_left(guest: Shopper) -> None:
    page = guest.post("/checkout/", **guest.answers(), go="check").text
    buying.sell_out(buying.made(1), to=1)
    answer = guest.browser.post("/checkout/", data={**buying.hidden(page), "consent": "y"})
    assert answer.status_code == 422
    assert "осталось 1" in answer.text
    assert 'name="consent"' not in answer.text
    assert buying.orders() == []
    assert buying.left(buying.made(1)) == 1


@SQLITE
def test_an_empty_basket_has_no_checkout(app: Flask) -> None:
    guest = Shopper(app)
    assert guest.get("/checkout/").headers["Location"] == "/cart/"
    answer = guest.order()
    assert answer.status_code == 422
    assert "Ваша корзина пуста" in answer.text


@SQLITE
@pytest.mark.parametrize("price", ["price", "total", "fee", "unit_price", "goods"])
def test_a_sent_price_is_ignored(guest: Shopper, price: str) -> None:
    assert guest.order("courier", **{price: "1"}).status_code == 303
    assert buying.orders()[0].goods == 2 * 12990


def test_a_foreign_quote_is_refused_in_words(guest: Shopper) -> None:
    strange = ("x", "0" * 64, "0" * 63 + "\n", "é" * 64, "9" * 65, "9" * 3000, "a\x00b")
    for quote in strange:
        answer = guest.order("courier", quote=quote)
        assert answer.status_code == 422, quote
        assert 'role="alert"' in answer.text, quote
        assert buying.orders() == [], quote


@SQLITE
def test_too_many_orders_are_refused_and_nothing_is_lost(guest: Shopper) -> None:
    for _ in range(5):
        assert guest.order().status_code == 303
        guest.put(buying.made(1))
    answer = guest.order()
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Заказ пока не оформлен" in answer.text
    assert "заказать можно без учётной записи" not in answer.text
    assert f'value="{GUEST.name}"' in answer.text
    assert len(buying.orders()) == 5


@SQLITE
@pytest.mark.clause("3.2.4")
def test_an_account_gives_names_phone_and_e_mail(app: Flask) -> None:
    person = cast.account(AIGERIM)
    shopper = Shopper(app, AIGERIM)
    shopper.browser = cast.signed_in(app, person)
    shopper.put(buying.product())
    page = shopper.get("/checkout/").text
    assert f'value="{AIGERIM.name}"' in page
    assert AIGERIM.email in page
    assert 'name="email"' not in page
    sent = {"delivery": "pickup", "payment": "cash", "consent": "y"}
    assert shopper.post("/checkout/", **sent, email=GUEST.email).status_code == 303
    (order,) = buying.orders()
    assert (order.person, order.email) == (person.number, AIGERIM.email)
    assert (order.given_name, order.phone) == (AIGERIM.name, AIGERIM.phone)


@SQLITE
@pytest.mark.clause("4.1.6")
def test_an_account_is_offered_unticked_and_after_the_order(guest: Shopper) -> None:
    page = guest.get("/checkout/").text
    box = page[page.rindex("<input", 0, page.index('name="account"')) :].split(">")[0]
    assert "checked" not in box
    answer = guest.order(account="y")
    shown = guest.browser.get(answer.headers["Location"]).text
    fields = next(
        part for part in shown.split("<form") if "/account/register" in part.split(">")[0]
    )
    register = guest.browser.post("/account/register", data=buying.hidden(f"<form{fields}"))
    assert register.status_code == 200
    assert f'value="{GUEST.email}"' in register.text
    assert 'role="alert"' not in register.text


@SQLITE
@pytest.mark.situation(34)
def test_a_sign_in_meanwhile_keeps_basket_and_answers(app: Flask) -> None:
    person = cast.account(AIGERIM)
    shopper = Shopper(app, GUEST)
    shopper.put(buying.product(), 3)
    page = shopper.post("/checkout/", **shopper.answers("courier"), go="check").text
    before = shopper.browser.get_cookie("basket")
    cast.sign_in(shopper.browser, person)
    after = shopper.browser.get_cookie("basket")
    assert before is not None
    assert after is not None
    assert before.value == after.value
    answer = shopper.browser.post(
        "/checkout/", data={**buying.hidden(page), "consent": "y"}
    )
    assert answer.status_code == 400
    assert "Все ваши ответы на месте" in answer.text
    for kept in (GUEST.name, "улица Жибек Жолы", "Домофон 12К", AIGERIM.email):
        assert kept in answer.text
    sent = shopper.browser.post(
        "/checkout/", data={**buying.hidden(answer.text), "consent": "y"}
    )
    assert sent.status_code == 303
    (order,) = buying.orders()
    assert (order.given_name, order.person) == (GUEST.name, person.number)


@SQLITE
@pytest.mark.situation(34)
def test_signing_out_keeps_the_basket(app: Flask) -> None:
    shopper = Shopper(app, AIGERIM)
    shopper.browser = cast.signed_in(app, cast.account(AIGERIM))
    shopper.put(buying.product(), 3)
    cast.submit(shopper.browser, "/account/logout", page="/account/")
    assert "Войти" in shopper.get("/account/login").text
    assert tenge(3 * 12990) in shopper.get("/cart/").text


@SQLITE
@pytest.mark.clause("3.3.1")
def test_without_any_cookies_the_form_says_why(app: Flask) -> None:
    browser = app.test_client(use_cookies=False)
    shopper = Shopper(app)
    answer = browser.post("/checkout/", data=shopper.answers())
    assert answer.status_code == 400
    assert "cookie" in answer.text


@SQLITE
def test_another_site_orders_nothing(guest: Shopper) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    data = {"csrf_token": guest.token(), **guest.answers()}
    assert guest.browser.post("/checkout/", data=data, headers=headers).status_code == 403
    assert guest.browser.put("/checkout/", headers={}).status_code == 405
    assert buying.orders() == []
