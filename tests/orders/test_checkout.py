"""The order form: step by step and at once, its errors, and what it leaves behind."""

import re

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from neupusti.core.data.database import db
from neupusti.core.records.consents import ConsentText, FormConsent
from neupusti.core.text import money
from neupusti.core.text.languages import Language
from neupusti.orders.models.order import OrderAddress, OrderLine
from tests.accounts import cast
from tests.conftest import SQLITE
from tests.orders import buying
from tests.orders.buying import ADDRESS, KETTLE, SOCKS, Shopper
from tests.people import AIGERIM, GUEST

SUM = re.compile(r"<dd>([^<]+)</dd>(?=\s*<dt)")
TOTAL = re.compile(r'<data value="([0-9]+)">')
CONTACT = ("family_name", "given_name", "patronymic", "phone", "email")


@pytest.fixture
def guest(app: Flask) -> Shopper:
    """Somebody without an account, with a kettle in the basket."""
    made = Shopper(app)
    made.put(buying.product(), 2)
    return made


def tenge(amount: int) -> str:
    return money.tenge(amount, Language.RU)


def address() -> OrderAddress | None:
    return db.session.scalar(select(OrderAddress))


@pytest.mark.clause("3.2.1")
@pytest.mark.clause("3.2.2")
@pytest.mark.clause("3.2.3")
@pytest.mark.clause("3.2.5")
@pytest.mark.clause("4.1.1")
def test_an_order_step_by_step(guest: Shopper) -> None:
    page = guest.get("/checkout/").text
    steps = (
        ("delivery", buying.details(GUEST)),
        ("address", {"delivery": "courier"}),
        ("payment", ADDRESS),
        ("check", {"payment": "card_on_delivery"}),
    )
    for go, answers in steps:
        answer = guest.browser.post(
            "/checkout/", data={**buying.hidden(page), **answers, "go": go}
        )
        assert answer.status_code == 200, go
        assert answer.headers["Cache-Control"] == "no-store"
        page = answer.text
    for shown in (KETTLE[0], GUEST.email, "улица Жибек Жолы", "Домофон 12К", "Картой"):
        assert shown in page
    assert buying.orders() == []
    answer = guest.browser.post("/checkout/", data={**buying.hidden(page), "consent": "y"})
    (order,) = buying.orders()
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/orders/{order.number}?done=placed"
    assert (order.given_name, order.phone, order.email) == (
        GUEST.name,
        GUEST.phone,
        GUEST.email,
    )
    assert (order.delivery, order.payment, order.comment) == (
        *("courier", "card_on_delivery", "Домофон 12К"),
    )
    kept = address()
    assert kept is not None
    assert (kept.region, kept.house, kept.postcode) == ("KZ-75", "50", "050000")
    assert guest.browser.get_cookie("basket") is None


@pytest.mark.clause("4.1.1")
def test_an_order_at_once_is_the_same_order(guest: Shopper) -> None:
    answer = guest.order("courier")
    (order,) = buying.orders()
    assert answer.status_code == 303
    lines = list(db.session.scalars(select(OrderLine)))
    assert [(line.quantity, line.unit_price) for line in lines] == [(2, 12990)]
    assert order.total == order.goods + order.fee
    page = guest.browser.get(answer.headers["Location"]).text
    assert "Спасибо. Заказ оформлен" in page
    assert tenge(order.total) in page
    assert order.number in page


@pytest.mark.clause("3.2.5")
def test_a_pick_up_keeps_no_address(guest: Shopper) -> None:
    assert guest.order("pickup", **ADDRESS).status_code == 303
    (order,) = buying.orders()
    assert (address(), order.comment) == (None, "")


@SQLITE
@pytest.mark.clause("2.1")
@pytest.mark.clause("5.2")
def test_the_consent_names_who_gets_the_data(guest: Shopper) -> None:
    told = {}
    for method in ("pickup", "courier", "post"):
        page = guest.post("/checkout/", **guest.answers(method), go="check").text
        box = page[page.rindex("<input", 0, page.index('name="consent"')) :].split(">")[0]
        assert "checked" not in box
        told[method] = page[page.index('id="consent-words"') :].split("</ul>")[0]
        assert "Передаются ли за пределы Казахстана: нет" in told[method]
    assert "Передаются ли третьим лицам: нет" in told["pickup"]
    assert "курьер магазина, Казахстан" in told["courier"]
    assert "АО «Казпочта», Казахстан" in told["post"]
    guest.order("post")
    record = db.session.scalars(select(FormConsent)).one()
    text = db.session.get_one(ConsentText, record.wording).text
    assert (record.form, record.purpose) == ("order", "4.1.1")
    assert "АО «Казпочта»" in text


@SQLITE
def test_the_check_page_shows_what_the_law_wants(app: Flask, guest: Shopper) -> None:
    guest.put(buying.product(SOCKS, price=2500, return_rule="no:hosiery"))
    for names, prefix in enumerate(("", "/kk")):
        guest.prefix = prefix
        page = guest.post("/checkout/", **guest.answers("courier"), go="check").text
        assert app.extensions["neupusti.settings"].operator.address in page
        assert KETTLE[names] in page
        assert SOCKS[names] in page
        assert 'formaction="/' in page


@SQLITE
@pytest.mark.situation(33)
@pytest.mark.parametrize(
    ("wrong", "step", "field"),
    [
        ({"phone": "12"}, "Контакты", "phone"),
        ({"email": "x"}, "Контакты", "email"),
        ({"given_name": "https://evil.example"}, "Контакты", "given_name"),
        ({"family_name": "a\u202eb"}, "Контакты", "family_name"),
        ({"delivery": "cash"}, "Доставка", "delivery"),
        ({"delivery": ""}, "Доставка", "delivery"),
        ({"region": "KZ-99"}, "Адрес", "region"),
        ({"city": ""}, "Адрес", "city"),
        ({"postcode": "12345678"}, "Адрес", "postcode"),
        ({"house": "9" * 500}, "Адрес", "house"),
        ({"payment": "pickup"}, "Оплата", "payment"),
        ({"consent": ""}, "Проверка", "consent"),
        ({"consent": "0" * 64}, "Проверка", "consent"),
    ],
)
def test_the_first_wrong_step_is_shown(
    guest: Shopper, wrong: dict[str, str], step: str, field: str
) -> None:
    answer = guest.order("courier", **wrong)
    assert answer.status_code == 422
    page = answer.text
    assert f"<title>Ошибка: {step}" in page.replace("\n", "")
    assert page.index('role="alert"') < page.index("<h1")
    assert f'href="#{field}"' in page
    assert f'id="{field}-error"' in page
    assert f'aria-describedby="{field}' in page or f'{field}-error"' in page
    assert buying.orders() == []
    assert buying.left(1) == 20


@SQLITE
def test_nothing_typed_is_lost(guest: Shopper) -> None:
    """Each answer is on the page that is shown: in its field, or in a hidden one."""
    answers = guest.answers("courier", phone="12", payment="invoice")
    page = guest.post("/checkout/", **answers).text
    for name in (*CONTACT, *ADDRESS, "delivery", "payment"):
        value = answers[name]
        assert not value or f'value="{value}"' in page or f">{value}<" in page, name


@SQLITE
def test_going_back_keeps_what_was_typed(guest: Shopper) -> None:
    page = guest.post("/checkout/", **guest.answers("courier"), go="contact").text
    assert f'value="{GUEST.name}"' in page
    assert "Для кого заказ?" in page
    back = guest.post("/checkout/", **guest.answers("pickup"), go="address").text
    assert "Как вы хотите заплатить?" in back


@SQLITE
@pytest.mark.parametrize(
    ("sent", "stored"),
    [("А15Е3В7", "A15E3B7"), ("050 000", "050000"), ("a15e3b7", "A15E3B7")],
)
def test_postcodes_of_both_kinds(guest: Shopper, sent: str, stored: str) -> None:
    assert guest.order("courier", postcode=sent).status_code == 303
    kept = address()
    assert kept is not None
    assert kept.postcode == stored


@SQLITE
def test_a_region_is_known_by_its_usual_spellings(guest: Shopper) -> None:
    assert guest.order("courier", region="Алма-Ата").status_code == 303
    kept = address()
    assert kept is not None
    assert kept.region == "KZ-75"


@SQLITE
def test_a_village_without_streets(guest: Shopper) -> None:
    assert guest.order("post", region="KZ-11", city="Иванов", street="").status_code == 303


@pytest.mark.situation(3)
def test_a_second_press_reaches_the_same_order(guest: Shopper) -> None:
    page = guest.post("/checkout/", **guest.answers("courier"), go="check").text
    data = {**buying.hidden(page), "consent": "y"}
    first = guest.browser.post("/checkout/", data=data)
    second = guest.browser.post("/checkout/", data=data)
    (order,) = buying.orders()
    assert first.headers["Location"] == f"/orders/{order.number}?done=placed"
    assert second.headers["Location"] == f"/orders/{order.number}?done=again"
    page = guest.browser.get(second.headers["Location"]).text
    assert "дважды ничего не заказано" in page
    assert "корзина пуста" not in page.lower()
    assert buying.left(1) == 18


@SQLITE
@pytest.mark.situation(3)
def test_a_new_basket_survives_the_second_press(guest: Shopper) -> None:
    page = guest.post("/checkout/", **guest.answers(), go="check").text
    data = {**buying.hidden(page), "consent": "y"}
    guest.browser.post("/checkout/", data=data)
    guest.put(buying.product(SOCKS))
    again = guest.browser.post("/checkout/", data=data)
    assert again.headers["Location"].endswith("?done=again")
    assert SOCKS[0] in guest.get("/cart/").text


@SQLITE
def test_a_rise_is_refused_with_both_prices(guest: Shopper) -> None:
    page = guest.post("/checkout/", **guest.answers(), go="check").text
    buying.change(1, price=13990)
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
    buying.change(1, price=11990)
    answer = guest.browser.post("/checkout/", data={**buying.hidden(page), "consent": "y"})
    assert answer.headers["Location"].endswith("?done=cheaper")
    assert "подешевело" in guest.browser.get(answer.headers["Location"]).text
    assert buying.orders()[0].goods == 2 * 11990


@SQLITE
@pytest.mark.situation(11)
def test_a_shortage_says_how_many_are_left(guest: Shopper) -> None:
    page = guest.post("/checkout/", **guest.answers(), go="check").text
    buying.sell_out(1, to=1)
    answer = guest.browser.post("/checkout/", data={**buying.hidden(page), "consent": "y"})
    assert answer.status_code == 422
    assert "осталось 1" in answer.text
    assert 'name="consent"' not in answer.text
    assert buying.orders() == []
    assert buying.left(1) == 1


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


@SQLITE
@pytest.mark.parametrize("quote", ["x", "0" * 64, "é", "9" * 3000])
def test_a_foreign_quote_is_refused_in_words(guest: Shopper, quote: str) -> None:
    answer = guest.order("courier", quote=quote)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert buying.orders() == []


@SQLITE
def test_too_many_orders_are_refused_and_nothing_is_lost(guest: Shopper) -> None:
    for _ in range(5):
        assert guest.order().status_code == 303
        guest.put(1)
    answer = guest.order()
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
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


@SQLITE
@pytest.mark.situation(13)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    baskets=st.lists(
        st.tuples(st.integers(1, 9_999_999), st.integers(1, 20)), min_size=1, max_size=5
    ),
    method=st.sampled_from(["pickup", "courier", "post"]),
)
def test_the_lines_and_the_delivery_are_the_total(
    app: Flask, baskets: list[tuple[int, int]], method: str
) -> None:
    shopper = Shopper(app)
    for price, quantity in baskets:
        shopper.put(buying.product(price=price), quantity)
    page = shopper.post("/checkout/", **shopper.answers(method), go="check").text
    sums = SUM.findall(page)
    lines = [f"<strong>{tenge(price * quantity)}</strong>" for price, quantity in baskets]
    goods = sum(price * quantity for price, quantity in baskets)
    total = int(TOTAL.findall(page)[-1])
    assert all(line in page for line in lines)
    assert sums[0] == tenge(goods)
    fee = total - goods
    assert sums[1] == (tenge(fee) if fee else "бесплатно")
    assert tenge(total) in page
