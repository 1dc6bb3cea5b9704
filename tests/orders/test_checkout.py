"""The order form: step by step and at once, its errors, and what it leaves behind."""

import re

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from neupusti.core.data.database import db
from neupusti.core.records.consents import ConsentText, FormConsent
from neupusti.core.text.languages import Language
from neupusti.core.text.money import tenge
from neupusti.orders.models.address import OrderAddress
from neupusti.orders.models.order import OrderLine
from tests.conftest import SQLITE
from tests.orders import buying
from tests.orders.buying import ADDRESS, KETTLE, SOCKS, Shopper
from tests.people import GUEST

pytestmark = pytest.mark.usefixtures("kettles")

SUM = re.compile(r"<dd>([^<]+)</dd>(?=\s*<dt)")
TOTAL = re.compile(r'<data value="([0-9]+)">')
RETURNS = {
    Language.RU: (
        ("вернуть можно в течение 14 дней после получения", "статья 30"),
        ("не подлежит обмену и возврату", "статьи 30", "чулочно-носочные изделия"),
    ),
    Language.KK: (
        ("14 күн ішінде айырбастауға немесе қайтаруға болады", "30-бап"),
        ("айырбасталмайды және қайтарылмайды", "30-бабындағы", "шұлық-ұйық бұйымдары"),
    ),
    Language.EN: (
        ("return it within 14 days of delivery", "article 30"),
        ("cannot be exchanged or returned", "article 30", "socks, stockings and tights"),
    ),
}
"""Of a good that the law lets return, and of socks: the rule, its article, its reason."""
CONTACT = ("family_name", "given_name", "patronymic", "phone", "email")


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
    operator = app.extensions["neupusti.settings"].operator
    for names, language in enumerate(Language):
        guest.prefix = language.prefix
        page = guest.post("/checkout/", **guest.answers("courier"), go="check").text
        seller = operator.in_language(language)
        assert seller.address in page
        assert 'formaction="/' in page
        goods = page[page.index('<ul class="goods') :].split("</ul>")[0].split("<li>")[1:]
        rules = zip((KETTLE, SOCKS), RETURNS[language], goods, strict=True)
        for product, words, shown in rules:
            assert product[names] in shown
            assert all(one in shown for one in words), (language, words)


@SQLITE
@pytest.mark.situation(33)
def test_the_first_wrong_step_is_shown(guest: Shopper) -> None:
    table = (
        ({"phone": "12"}, "Контакты", "phone"),
        ({"email": "x"}, "Контакты", "email"),
        ({"given_name": "https://evil.example"}, "Контакты", "given_name"),
        ({"family_name": "a\u202eb"}, "Контакты", "family_name"),
        ({"delivery": "cash"}, "Доставка", "delivery"),
        ({"delivery": ""}, "Доставка", "delivery"),
        ({"region": "KZ-99"}, "Адрес", "region"),
        ({"city": ""}, "Адрес", "city"),
        ({"postcode": "12345678"}, "Адрес", "postcode"),
        ({"postcode": "0500001"}, "Адрес", "postcode"),
        ({"house": "9" * 500}, "Адрес", "house"),
        ({"payment": "pickup"}, "Оплата", "payment"),
        ({"consent": ""}, "Проверка", "consent"),
        ({"consent": "0" * 64}, "Проверка", "consent"),
    )
    for wrong, step, field in table:
        answer = guest.order("courier", **wrong)
        assert answer.status_code == 422, wrong
        page = answer.text
        assert f"<title>Ошибка: {step}" in page.replace("\n", ""), wrong
        assert page.index('role="alert"') < page.index("<h1"), wrong
        assert f'href="#{field}"' in page, wrong
        assert f'id="{field}-error"' in page, wrong
        assert re.search(rf'aria-describedby="{field}|{field}-error"', page), wrong
        assert buying.orders() == [], wrong
        assert buying.left(buying.made(1)) == 20, wrong


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
