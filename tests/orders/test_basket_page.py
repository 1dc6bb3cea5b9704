"""The page of the basket: put, change, remove, and what has changed meanwhile."""

import pytest
from flask import Flask

from neupusti.core.text.money import tenge
from tests.conftest import SQLITE
from tests.orders import buying
from tests.orders.buying import KETTLE, SAME_ORIGIN, SOCKS, Shopper


@pytest.mark.clause("4.1.1")
def test_goods_are_put_changed_and_removed(guest: Shopper) -> None:
    kettle, socks = buying.product(), buying.product(SOCKS, price=2500)
    for number, quantity in ((kettle, 1), (socks, 2), (kettle, 3)):
        answer = guest.put(number, quantity)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/cart/")
    page = guest.get("/cart/").text
    assert KETTLE[0] in page
    assert tenge(3 * 12990 + 2 * 2500) in page
    guest.put(kettle, 0)
    page = guest.get("/cart/").text
    assert KETTLE[0] not in page
    assert SOCKS[0] in page
    answer = guest.put(socks, 0)
    assert guest.browser.get_cookie("basket") is None
    assert "Ваша корзина пуста" in guest.get("/cart/").text


@SQLITE
def test_a_page_can_ask_for_pieces_more(guest: Shopper) -> None:
    kettle = buying.product()
    guest.put(kettle, 2, add="y")
    guest.put(kettle, 3, add="y")
    assert tenge(5 * 12990) in guest.get("/cart/").text


@SQLITE
@pytest.mark.situation(9)
@pytest.mark.situation(10)
@pytest.mark.parametrize(
    "quantity",
    [
        "-5",
        "1e3",
        "2147483648",
        "2147483647",
        "9" * 400,
        "１２",
        "٣",
        "1_0",
        " 3 ",
        "3.0",
        "",
        "100",
    ],
)
def test_a_wrong_quantity_is_refused_in_words(guest: Shopper, quantity: str) -> None:
    kettle = buying.product()
    guest.put(kettle, 1)
    answer = guest.put(kettle, quantity)
    assert answer.status_code == 422
    assert "<title>Ошибка: Корзина" in answer.text
    assert 'role="alert"' in answer.text
    page = guest.get("/cart/").text
    assert tenge(12990) in page


@SQLITE
@pytest.mark.situation(9)
@pytest.mark.situation(10)
def test_one_answer_too_many_is_refused(guest: Shopper) -> None:
    kettle = buying.product()
    assert guest.put(kettle, ["-5", "1"]).status_code == 422
    assert guest.put(kettle, ["1", "1"]).status_code == 422
    assert guest.put(kettle, 99, add="y").status_code == 303
    assert guest.put(kettle, 1, add="y").status_code == 422
    twice = {"product": [kettle, kettle], "quantity": "1"}
    assert guest.browser.post("/cart/", data=twice, headers=SAME_ORIGIN).status_code == 422
    assert buying.left(kettle) == 20


@SQLITE
@pytest.mark.parametrize("number", ["0", "999999", "2147483648", "9" * 30, "x", "", "-1"])
def test_what_is_not_sold_is_refused_in_words(guest: Shopper, number: str) -> None:
    values = {"product": number, "quantity": "1"}
    answer = guest.browser.post("/cart/", data=values, headers=SAME_ORIGIN)
    assert answer.status_code == 422
    assert "больше не продаётся" in answer.text


@pytest.mark.situation(11)
def test_a_withdrawn_product_stays_in_words(guest: Shopper) -> None:
    kettle, socks = buying.product(), buying.product(SOCKS)
    guest.put(kettle)
    guest.put(socks)
    buying.change(kettle, published=False)
    answer = guest.get("/cart/")
    assert answer.status_code == 200
    assert "больше не продаётся" in answer.text.lower()
    assert "Убрать" in answer.text
    assert 'href="/checkout/"' not in answer.text
    assert guest.get("/checkout/").headers["Location"] == "/cart/"
    guest.put(kettle, 0)
    assert 'href="/checkout/"' in guest.get("/cart/").text


@SQLITE
def test_changed_prices_and_too_few_pieces_are_said(guest: Shopper) -> None:
    kettle, socks = buying.product(), buying.product(SOCKS, price=2500)
    guest.put(kettle, 2)
    guest.put(socks, 5)
    buying.change(kettle, price=13990)
    buying.sell_out(socks, to=3)
    page = guest.get("/cart/").text
    assert tenge(12990) in page
    assert tenge(13990) in page
    assert 'name="quantity" value="3"' in page
    assert tenge(12990) not in guest.get("/cart/").text


@SQLITE
@pytest.mark.parametrize(
    "value", ["", "x", "a" * 4000, "id.1-1-1.0", "1-1-1", "%00", "é.1-1-1." + "0" * 64]
)
def test_a_broken_cookie_is_an_empty_basket(guest: Shopper, value: str) -> None:
    buying.product()
    guest.browser.set_cookie("basket", value)
    answer = guest.get("/cart/")
    assert answer.status_code == 200
    assert "Ваша корзина пуста" in answer.text


@SQLITE
def test_a_flipped_bit_empties_the_basket(guest: Shopper) -> None:
    guest.put(buying.product())
    kept = guest.browser.get_cookie("basket")
    assert kept is not None
    flipped = kept.value.replace("-1-", "-2-")
    assert flipped != kept.value
    guest.browser.set_cookie("basket", flipped)
    assert "Ваша корзина пуста" in guest.get("/cart/").text


@SQLITE
@pytest.mark.clause("3.3.1")
def test_the_basket_works_with_cookies_refused(guest: Shopper) -> None:
    refused = guest.browser.post(
        "/cookies/", data={"choice": "reject"}, headers=SAME_ORIGIN
    )
    assert refused.status_code == 303
    guest.put(buying.product())
    assert KETTLE[0] in guest.get("/cart/").text


@SQLITE
@pytest.mark.clause("3.3.1")
def test_without_any_cookies_the_page_says_why_it_is_empty(app: Flask) -> None:
    browser = app.test_client(use_cookies=False)
    values = {"product": str(buying.product()), "quantity": "1"}
    assert browser.post("/cart/", data=values, headers=SAME_ORIGIN).status_code == 303
    page = browser.get("/cart/").text
    assert "не сохраняет файлы cookie" in page


@SQLITE
def test_another_site_puts_nothing_in(guest: Shopper) -> None:
    values = {"product": str(buying.product()), "quantity": "1"}
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {},
    ):
        answer = guest.browser.post("/cart/", data=values, headers=headers)
        assert answer.status_code == 403
    assert guest.browser.get_cookie("basket") is None


@SQLITE
def test_a_wrong_method_is_refused(guest: Shopper) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        answer = guest.browser.open("/cart/", method=method, headers=SAME_ORIGIN)
        assert answer.status_code == 405


@SQLITE
def test_the_basket_is_in_three_languages(app: Flask) -> None:
    guest = Shopper(app)
    guest.put(buying.product())
    for prefix, name in zip(("", "/kk", "/en"), KETTLE, strict=True):
        assert name in guest.browser.get(f"{prefix}/cart/").text
