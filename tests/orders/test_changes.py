"""What a buyer changes of an order: cancel, another address, a return."""

import pytest
from sqlalchemy import update

from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.orders.models.address import OrderAddress
from neupusti.orders.models.fulfilment import GoodsReturn
from neupusti.orders.models.order import OrderState, ShopOrder
from neupusti.orders.queries import details
from neupusti.orders.service.life import changing, deciding
from tests.conftest import SQLITE
from tests.orders import buying
from tests.orders.buying import Shopper

CHANGES = ("cancel", "address", "return")


def line_fields(order: ShopOrder, *pieces: int) -> dict[str, str]:
    """Return the fields of the pieces of each line."""
    found = details.of(db.session(), order)
    return {
        f"line-{line.id}": str(count)
        for line, count in zip(found.lines, pieces, strict=True)
    }


def test_a_buyer_cancels_the_whole_order(guest: Shopper, order: ShopOrder) -> None:
    path = f"/orders/{order.number}/cancel"
    page = guest.get(path).text
    answer = guest.browser.post(path, data={**buying.hidden(page), "what": "whole"})
    assert answer.headers["Location"] == f"/orders/{order.number}?done=cancelled"
    assert buying.now_of(order).state == OrderState.CANCELLED
    assert (buying.left(buying.made(1)), buying.left(buying.made(2))) == (20, 20)
    shown = guest.browser.get(answer.headers["Location"]).text
    assert "письмо об отмене отправлено" in shown
    assert f"{order.number}/cancel" not in shown


def test_a_buyer_cancels_a_part(guest: Shopper, order: ShopOrder) -> None:
    path = f"/orders/{order.number}/cancel"
    page = guest.get(path).text
    fields = {**buying.hidden(page), **line_fields(order, 2, 0)}
    assert guest.browser.post(path, data=fields).status_code == 303
    assert (buying.now_of(order).state, buying.left(buying.made(1))) == (OrderState.NEW, 19)
    assert "отменено: 2" in guest.get(f"/orders/{order.number}").text


@SQLITE
def test_wrong_pieces_are_refused_in_words(guest: Shopper, order: ShopOrder) -> None:
    path = f"/orders/{order.number}/cancel"
    fields = {**buying.hidden(guest.get(path).text), **line_fields(order, 0, 0)}
    first = next(name for name in fields if name.startswith("line-"))
    for pieces in (
        *("4", "-1", "x", "１", "99999", "0", "", "1e3", "2147483648", "9" * 400, "٣"),
        *("1_0", "1.0", "+1", "1\n", ["1", "1"], ["1", "x"], ["0", "3"]),
    ):
        answer = guest.browser.post(path, data={**fields, first: pieces})
        assert answer.status_code == 422, pieces
        assert "<title>Ошибка:" in answer.text, pieces
        assert f'href="#{first}"' in answer.text, pieces
        assert buying.left(buying.made(1)) == 17, pieces


def test_a_stale_page_is_told_what_has_happened(guest: Shopper, order: ShopOrder) -> None:
    path = f"/orders/{order.number}/cancel"
    page = guest.get(path).text
    deciding.confirm(buying.press(order))
    answer = guest.browser.post(path, data={**buying.hidden(page), "what": "whole"})
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert buying.now_of(order).state == OrderState.CONFIRMED
    for version in ("", "x", "2147483648", "9" * 10, "9" * 40):
        assert guest.post(path, what="whole", version=version).status_code == 409


def test_what_was_typed_into_a_stale_page_is_kept(guest: Shopper, order: ShopOrder) -> None:
    part, place = (f"/orders/{order.number}/{what}" for what in ("cancel", "address"))
    pieces = {**buying.hidden(guest.get(part).text), **line_fields(order, 2, 0)}
    moved = {"region": "KZ-71", "city": "Астана", "street": "Мәңгілік Ел", "house": "1"}
    moved |= buying.hidden(guest.get(place).text)
    deciding.confirm(buying.press(order))
    for path, fields, typed in ((part, pieces, "2"), (place, moved, "Мәңгілік Ел")):
        answer = guest.browser.post(path, data=fields)
        assert answer.status_code == 409
        assert "<title>Ошибка:" in answer.text
        assert ('role="alert"' in answer.text, f'value="{typed}"' in answer.text) == (
            *(True, True),
        )
        again = {**fields, **buying.hidden(answer.text)}
        assert guest.browser.post(path, data=again).status_code == 303


def test_the_words_of_a_late_return_are_kept(guest: Shopper, order: ShopOrder) -> None:
    buying.delivered(order, 2, 1)
    path = f"/orders/{order.number}/return"
    fields = {**buying.hidden(guest.get(path).text), **line_fields(order, 1, 0)}
    changing.note(buying.press(order), "Звонила")
    late = {**fields, "words": "Скол на крышке"}
    answer = guest.browser.post(path, data=late)
    assert answer.status_code == 409
    assert "Скол на крышке" in answer.text
    kazakh = guest.browser.post(f"/kk{path}", data=late).text
    assert "тапсырыста өзгеріс болды: жазба қосылды" in kazakh


def test_what_has_left_is_not_cancelled(guest: Shopper, order: ShopOrder) -> None:
    buying.delivered(order, 1, 0)
    page = guest.get(f"/orders/{order.number}/cancel").text
    assert "уже нельзя отменить" in page
    version = str(buying.now_of(order).version)
    answer = guest.post(f"/orders/{order.number}/cancel", what="whole", version=version)
    assert answer.status_code == 422
    assert buying.now_of(order).state == OrderState.CONFIRMED
    assert buying.left(buying.made(1)) == 17


def test_a_buyer_changes_the_address(guest: Shopper, order: ShopOrder) -> None:
    path = f"/orders/{order.number}/address"
    page = guest.get(path).text
    assert 'value="улица Жибек Жолы"' in page
    sums = order.goods, order.fee, order.total
    new = {"region": "KZ-71", "city": "Астана", "street": "Мәңгілік Ел", "house": "1"}
    answer = guest.browser.post(path, data={**buying.hidden(page), **new})
    assert answer.headers["Location"] == f"/orders/{order.number}?done=address"
    after = buying.now_of(order)
    kept = db.session.get_one(OrderAddress, order.id, populate_existing=True)
    assert (kept.region, kept.city, kept.flat) == ("KZ-71", "Астана", "")
    assert (after.goods, after.fee, after.total) == sums
    wrong = guest.browser.post(path, data={**buying.hidden(page), **new, "house": ""})
    assert wrong.status_code == 422
    buying.delivered(order, 1, 0)
    assert guest.get(path).status_code == 422


@SQLITE
def test_a_pick_up_has_no_address_to_change(guest: Shopper) -> None:
    order = guest.bought(buying.product())
    assert guest.get(f"/orders/{order.number}/address").status_code == 422
    assert f"{order.number}/address" not in guest.get(f"/orders/{order.number}").text


def test_a_buyer_asks_for_a_return(guest: Shopper, order: ShopOrder) -> None:
    path = f"/orders/{order.number}/return"
    assert "Возвращать нечего" in guest.get(path).text
    buying.delivered(order, 2, 1)
    page = guest.get(path).text
    assert "кроме" in page or "exception" in page or "исключение" in page
    fields = {**buying.hidden(page), **line_fields(order, 1, 0), "words": "Скол на крышке"}
    nothing = guest.browser.post(path, data={**fields, **line_fields(order, 0, 0)})
    silent = guest.browser.post(path, data={**fields, "words": ""})
    much = guest.browser.post(path, data={**fields, **line_fields(order, 3, 0)})
    assert [one.status_code for one in (nothing, silent, much)] == [422, 422, 422]
    assert "Скол на крышке" in much.text
    answer = guest.browser.post(path, data=fields)
    assert answer.headers["Location"] == f"/orders/{order.number}?done=return"
    db.session.rollback()
    assert db.session.query(GoodsReturn).one().words == "Скол на крышке"
    assert "Запрошен возврат" in guest.get(f"/orders/{order.number}").text


@SQLITE
@pytest.mark.clause("5.1")
def test_a_return_past_the_term_of_an_order_asks_for_no_words(
    guest: Shopper, order: ShopOrder
) -> None:
    path = f"/orders/{order.number}/return"
    buying.delivered(order, 2, 1)
    with writing() as session:
        session.execute(update(ShopOrder).values(identity_ended_at=clock.now()))
    page = guest.get(path).text
    assert 'name="words"' not in page
    fields = {**buying.hidden(page), **line_fields(order, 1, 0), "words": "Скол"}
    assert guest.browser.post(path, data=fields).status_code == 303
    db.session.rollback()
    assert db.session.query(GoodsReturn).one().words == ""
