"""The page of a courier: a GET shows and writes nothing, each press is a POST."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from neupusti.core.blocking import blocks
from neupusti.core.blocking.blocks import OneField
from neupusti.core.blocking.models import Cause
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.delivery.models import CourierAction
from neupusti.orders.models.fulfilment import ParcelState
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service.life import changing, parcels
from tests import handing
from tests.conftest import SQLITE
from tests.delivery import couriers
from tests.delivery.couriers import NOTE, ready
from tests.orders import buying, cast
from tests.orders.cast import press
from tests.people import AIGERIM

PERSONAL = ("Сериккызы", "Абая", NOTE, "701 000 00 01", AIGERIM.phone)
"""What of the order is personal and shown, spaces being plain."""
OWN = re.compile(r'/delivery/[\w-]+|<p class="muted small">.*?</p>')
"""What two pages of errors differ by: their address, and the number of the request."""


@pytest.fixture
def link(app: Flask) -> tuple[str, int, str]:
    """The number of an order, its parcel, and the address of the courier's page."""
    number, parcel = ready()
    changing.note(press(number), "Капризный покупатель")
    token = handing.over(press(number), parcel).token
    db.session.rollback()
    return number, parcel, f"/delivery/{token}"


def pressed(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Send a form of the page."""
    token = buying.hidden(client.get(path.removesuffix("/moves")).text, form=0)
    return client.post(path, data={**token, **fields}, headers=buying.SAME_ORIGIN)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.clause("6.2.2")
def test_a_look_by_get_shows_the_number_alone_and_leaves_no_trace(
    client: FlaskClient, link: tuple[str, int, str]
) -> None:
    number, _parcel, path = link
    for answer in (client.get(path), client.head(path), client.get(f"/kk{path}")):
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in answer.headers
        assert not any(word in plain(answer.text) for word in PERSONAL)
    assert number in client.get(path).text
    assert 'content="noindex"' in client.get(path).text
    assert couriers.deeds() == []


@pytest.mark.clause("5.2")
@pytest.mark.situation(19)
def test_a_press_shows_what_the_courier_needs_and_is_on_record(
    client: FlaskClient, link: tuple[str, int, str]
) -> None:
    _number, _parcel, path = link
    answer = pressed(client, path)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    for shown in (*PERSONAL, "2 500 ₸", "100 г"):
        assert shown in plain(answer.text), shown
    for canary in (AIGERIM.email, "Чайник", "Капризный", "050000"):
        assert canary not in answer.text, canary
    assert couriers.deeds() == [CourierAction.OPENED]


def test_buttons_move_the_parcel_once(
    client: FlaskClient, link: tuple[str, int, str]
) -> None:
    number, _parcel, path = link
    where = f"{path}/moves"
    offered = re.findall(r'name="to" value="(\w+)"', client.get(path).text)
    assert offered == ["took", "delivered", "refused"]
    for to, state in (("took", "on_the_way"), ("delivered", "delivered")):
        for _twice in range(2):
            answer = pressed(client, where, to=to)
            assert answer.status_code == 303
            assert answer.location == f"{path}?done={to}"
        assert couriers.state(number) == state
    assert "Посылка доставлена." in client.get(f"{path}?done=delivered").text
    assert couriers.deeds() == [CourierAction.TOOK, CourierAction.DELIVERED]
    assert pressed(client, where, to="refused").status_code == 422
    assert client.get(where).status_code == 405


def test_a_press_needs_a_token_and_our_own_page(
    client: FlaskClient, link: tuple[str, int, str]
) -> None:
    number, _parcel, path = link
    for where in (path, f"{path}/moves"):
        fields = {"to": "delivered"}
        assert client.post(where, data=fields).status_code in {400, 403}
        foreign = {"Sec-Fetch-Site": "cross-site"}
        token = buying.hidden(client.get(path).text, form=0)
        answer = client.post(where, data={**fields, **token}, headers=foreign)
        assert answer.status_code == 403
    assert couriers.state(number) == "handed_over"
    assert couriers.deeds() == []


@pytest.mark.parametrize("to", ["", "opened", "returned", "packed", "x" * 500])
def test_what_is_no_button_is_refused(
    client: FlaskClient, link: tuple[str, int, str], to: str
) -> None:
    answer = pressed(client, f"{link[2]}/moves", to=to)
    assert answer.status_code == 422
    assert couriers.state(link[0]) == "handed_over"


def test_an_ended_link_is_gone_in_the_same_words_as_one_that_never_was(
    client: FlaskClient, link: tuple[str, int, str]
) -> None:
    number, parcel, path = link
    fields = buying.hidden(client.get(path).text, form=0)
    parcels.move(press(number), parcel, ParcelState.PACKED)
    db.session.rollback()
    pages = []
    for where in (path, f"/delivery/{'x' * 43}", "/delivery/1"):
        answer = client.get(where)
        pages.append(
            re.sub(r"/delivery/[\w-]+|<p class=\"muted small\">.*?</p>", "", answer.text)
        )
        assert answer.status_code == 410
        assert answer.headers["Cache-Control"] == "no-store"
        assert number not in answer.text
        for post in (where, f"{where}/moves"):
            data = {**fields, "to": "delivered"}
            sent = client.post(post, data=data, headers=buying.SAME_ORIGIN)
            assert sent.status_code == 410
    assert len(set(pages)) == 1
    assert couriers.deeds() == []


def test_a_block_is_said_in_words(client: FlaskClient, link: tuple[str, int, str]) -> None:
    number, _parcel, path = link
    changing.freeze(press(number), "Обращение")
    db.session.rollback()
    for where in (path, f"{path}/moves"):
        answer = pressed(client, where, to="delivered")
        assert answer.status_code == 422
        assert "заблокирован" in answer.text
        assert not any(word in plain(answer.text) for word in PERSONAL)
    assert couriers.deeds() == []


@SQLITE
def test_the_token_is_in_no_row_but_its_digest(
    app: Flask, link: tuple[str, int, str]
) -> None:
    token = link[2].rpartition("/")[2]
    db.session.rollback()
    for table in db.metadatas[None].sorted_tables:
        for row in db.session.execute(table.select()):
            assert token not in str(tuple(row)), table.name
    assert db.session.get(ShopOrder, cast.order_of(link[0]).id)


@pytest.mark.clause("6.2.4")
def test_what_the_buyer_contests_is_not_shown(
    client: FlaskClient, link: tuple[str, int, str]
) -> None:
    number, _parcel, path = link
    contested = OneField(ShopOrder.__tablename__, cast.order_of(number).id, "phone")
    with writing() as session:
        whose = Whose(email_key=AIGERIM.email)
        blocks.open_block(session, whose, by=Cause.PERSON, field=contested)
    answer = pressed(client, path)
    assert answer.status_code == 200
    shown = [word for word in PERSONAL if word in plain(answer.text)]
    assert shown == list(PERSONAL[:3])
