"""Recipients: edited with a reason, kept in a history, shown to everybody, named first."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from werkzeug.test import TestResponse

from neupusti.core.data.database import db
from neupusti.core.records.consents import ConsentText, FormConsent
from neupusti.core.registry import registry
from neupusti.core.rules import Permission
from neupusti.core.text.languages import Language, force_language
from neupusti.delivery import queries
from neupusti.delivery.models import ALLOWED
from neupusti.delivery.service import fields
from neupusti.orders.models.order import Delivery
from neupusti.orders.models.recipient import RecipientKind
from neupusti.orders.queries import recipients as known
from neupusti.orders.service import delivery
from tests import desk, handing
from tests.conftest import SQLITE
from tests.delivery import couriers
from tests.orders.buying import Shopper, product
from tests.orders.cast import press
from tests.orders.test_delivery import OPERATOR
from tests.people import DANA
from tests.times import Clock

K = RecipientKind
LIST = "/admin/recipients/"
NOON = datetime(2026, 11, 25, 7, tzinfo=UTC)


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """The browser of who keeps the contracts."""
    return desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))


def now(kind: RecipientKind) -> known.Known:
    db.session.rollback()
    db.session.expire_all()
    number = handing.recipient(kind)
    return next(one for one in known.known(db.session()) if one.id == number)


def form(kind: RecipientKind, **fields_: Any) -> dict[str, Any]:
    version = now(kind).version
    names = {f"name_{one}": version.name(one) for one in Language}
    return {
        **names,
        "opened": version.id,
        "country": version.country,
        "contract": version.contract,
        "fields": version.fields.split(","),
        "reason": "Новый договор",
        **({"active": "y"} if version.active else {}),
        **({"cross_border": "y"} if version.cross_border else {}),
        **fields_,
    }


def saved(
    app: Flask, browser: FlaskClient, kind: RecipientKind, **fields_: Any
) -> TestResponse:
    path = f"{LIST}{handing.recipient(kind)}"
    return browser.post(path, data=desk.form(app, **form(kind, **fields_)))


def test_a_change_is_a_new_row_with_a_reason(app: Flask, browser: FlaskClient) -> None:
    before = now(K.CDEK).version.id
    answer = saved(app, browser, K.CDEK, active="y", contract="СД-7 от 01.11.2026")
    assert (answer.status_code, answer.location) == (303, f"{LIST}?done=saved")
    version = now(K.CDEK).version
    assert version.id != before
    assert (version.active, version.contract, version.reason) == (
        *(True, "СД-7 от 01.11.2026"),
        "Новый договор",
    )
    assert [one.id for one in queries.history(now(K.CDEK).id)] == [version.id, before]
    (action,) = desk.staff_actions("delivery.recipient")
    assert (action.reason, action.what) == ("Новый договор", "recipient 3: cdek")
    page = browser.get(f"{LIST}{now(K.CDEK).id}").text
    assert page.count("СД-7 от 01.11.2026") == 2
    assert DANA.name in page


@pytest.mark.parametrize(
    ("kind", "changes", "said"),
    [
        (K.OWN_COURIER, {"fields": ["number", "postcode"]}, "никогда не передаётся"),
        (K.PICKUP, {"fields": ["phone"]}, "никогда не передаётся: телефон"),
        (K.OWN_COURIER, {"fields": ["email"]}, "из списка"),
        (K.OWN_COURIER, {"fields": []}, "хотя бы одно поле"),
        (K.KAZPOST, {"contract": ""}, "только по договору"),
        (K.KAZPOST, {"country": "RU"}, "трансграничная"),
        (K.KAZPOST, {"country": "XX"}, "из списка"),
        (K.KAZPOST, {"reason": ""}, "журнал"),
        (K.KAZPOST, {"name_kk": ""}, "Қазақша"),
        (K.KAZPOST, {"contract_until": "2026-13-01"}, "2026-11-30"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    app: Flask,
    browser: FlaskClient,
    kind: RecipientKind,
    changes: dict[str, Any],
    said: str,
) -> None:
    before = now(kind).version.id
    answer = saved(app, browser, kind, **changes)
    assert answer.status_code == 422
    assert said in answer.text
    assert now(kind).version.id == before


def test_a_change_that_somebody_overtook_is_told(app: Flask, browser: FlaskClient) -> None:
    stale = form(K.KAZPOST)
    assert saved(app, browser, K.KAZPOST, contract="КП-1").status_code == 303
    path = f"{LIST}{handing.recipient(K.KAZPOST)}"
    answer = browser.post(path, data=desk.form(app, **stale))
    assert answer.status_code == 409
    assert "тем временем изменили" in answer.text
    assert now(K.KAZPOST).version.contract == "КП-1"


def test_a_new_recipient_is_named_at_once(app: Flask, browser: FlaskClient) -> None:
    path = f"{LIST}new?kind=cdek"
    assert "Новый получатель" in browser.get(path).text
    values = form(K.CDEK, name_ru="Экспресс", active="y", contract="Э-1", country="KZ")
    assert browser.post(path, data=desk.form(app, **values)).status_code == 303
    assert "Экспресс" in browser.get(LIST).text
    assert "Экспресс" in app.test_client().get("/policy/recipients/").text
    assert "Экспресс, Казахстан" in text_of(app, Delivery.COURIER, Language.RU)
    wrong = browser.post(path, data=desk.form(app, **{**values, "contract": ""}))
    assert wrong.status_code == 422
    assert browser.get(f"{LIST}new?kind=x").status_code == 404
    assert browser.get(f"{LIST}99").status_code == 404


def text_of(app: Flask, method: Delivery, language: Language) -> str:
    db.session.rollback()
    locale = force_locale(language.value)
    with app.test_request_context(), force_language(language), locale:
        return "\n".join(delivery.statement(method).lines(OPERATOR))


@pytest.mark.clause("5.2")
def test_the_consent_names_all_who_may_get_the_order(app: Flask) -> None:
    cdek = handing.recipient(K.CDEK)
    couriers.changed(cdek, active=True, contract="7", country="RU")
    text = text_of(app, Delivery.COURIER, Language.EN)
    both = (
        "Handed to third parties: the shop's courier, Kazakhstan, to deliver the order; "
        "CDEK, Russia, to deliver the order"
    )
    assert both in text
    assert "Sent outside Kazakhstan: yes" in text
    kazakh = text_of(app, Delivery.COURIER, Language.KK)
    assert "дүкеннің курьері, Қазақстан" in kazakh
    couriers.changed(cdek, active=False)
    assert "CDEK" not in text_of(app, Delivery.COURIER, Language.EN)
    assert "Sent outside Kazakhstan: no" in text_of(app, Delivery.COURIER, Language.EN)


@pytest.mark.clause("5.2")
def test_the_kept_consent_names_whom_the_form_showed(app: Flask) -> None:
    couriers.changed(handing.recipient(K.CDEK), active=True, contract="7", country="RU")
    order = Shopper(app, prefix="/kk").bought(product(), by="courier")
    db.session.rollback()
    given = db.session.get_one(FormConsent, order.consent)
    text = db.session.get_one(ConsentText, given.wording).text.replace("\u00a0", " ")
    abroad = "Қазақстаннан тыс жерге беріле ме: иә"
    for shown in ("дүкеннің курьері, Қазақстан", "СДЭК, Ресей", abroad):
        assert shown in text


@SQLITE
@pytest.mark.clause("5.2")
def test_a_method_that_nobody_carries_out_is_not_offered(app: Flask) -> None:
    couriers.changed(handing.recipient(K.KAZPOST), active=False)
    shopper = Shopper(app)
    shopper.put(product())
    page = shopper.post("/checkout/", **shopper.answers("courier"), go="delivery").text
    assert re.findall(r'type="radio"[^>]* value="(\w+)"', page) == ["pickup", "courier"]
    assert shopper.order("post").status_code == 422
    assert shopper.order("courier").status_code == 303


@SQLITE
@pytest.mark.manifest(field="pages")
@pytest.mark.clause("5.2")
@pytest.mark.parametrize("language", Language)
def test_everybody_reads_who_gets_which_fields(
    client: FlaskClient, language: Language
) -> None:
    page = client.get(f"{language.prefix}/policy/recipients/").text
    with force_locale(language.value):
        labels = [str(fields.LABELS[one]) for one in ALLOWED[K.KAZPOST]]
    assert [label for label in labels if label not in page] == []
    for kind, shown in ((K.OWN_COURIER, True), (K.KAZPOST, True), (K.CDEK, False)):
        name = now(kind).version.name(language).replace("'", "&#39;")
        assert (name in page) is shown


@SQLITE
@pytest.mark.clause("1.1.4")
@pytest.mark.clause("6.2.2")
def test_the_clauses_of_the_hand_over_lead_to_the_page(client: FlaskClient) -> None:
    page = client.get("/policy/ledger/").text
    assert page.count('href="/policy/recipients/"') >= 3


@SQLITE
@pytest.mark.manifest(field="duties")
def test_a_contract_that_ends_is_a_duty(app: Flask, at: Clock) -> None:
    at(NOON)
    (duty,) = [x for x in registry().duties if x.endpoint == "delivery.recipients"]
    assert duty.open() == 0
    couriers.changed(handing.recipient(K.KAZPOST), contract_until=date(2026, 11, 24))
    assert duty.open() == 1
    assert known.of_method(Delivery.POST) == []


@SQLITE
def test_the_rights_on_recipients(app: Flask) -> None:
    orders = desk.signed_in(app, desk.member(DANA, Permission.ORDERS))
    assert orders.get(LIST).status_code == 200
    assert orders.get(f"{LIST}1").status_code == 403
    assert saved(app, orders, K.KAZPOST).status_code == 403
    assert app.test_client().get(LIST).status_code == 303


@SQLITE
def test_commands_print_recipients_and_the_ledger_without_values(app: Flask) -> None:
    runner = app.test_cli_runner()
    printed = runner.invoke(args=["delivery", "list"]).output
    assert printed.count("\n") == 4
    assert "own_courier  KZ at home  active" in printed
    assert "cdek         KZ abroad   not active" in printed
    number, parcel = couriers.ready()
    handing.over(press(number), parcel)
    told = runner.invoke(args=["delivery", "ledger", number.lower()]).output
    assert "the shop's courier: number, family_name" in told
    assert told.endswith("1 entries\n")
    assert "Сериккызы" not in told
    for wrong in ("x", "NP-261126-0000-0"):
        assert runner.invoke(args=["delivery", "ledger", wrong]).exit_code == 1
