"""Regions, postcodes, prices of delivery, and the consent that names the recipient."""

from dataclasses import replace

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import given
from hypothesis import strategies as st

from neupusti.config.checks import SettingsError
from neupusti.config.settings import Settings
from neupusti.core.forms.consent import Statement
from neupusti.core.text.languages import Language, force_language
from neupusti.core.web.operator import Operator
from neupusti.orders.models.order import Delivery
from neupusti.orders.service import addresses, delivery
from neupusti.orders.service.addresses import PostcodeError, RegionError
from tests.conftest import SQLITE
from tests.lending import SECRET
from tests.people import BIN

OPERATOR = Operator(
    name="ТОО", bin=BIN, address="Алматы", email="", phone="", responsible=""
)


@pytest.mark.parametrize("language", Language)
def test_there_are_twenty_regions_the_three_cities_first(language: Language) -> None:
    rows = addresses.regions(language)
    assert len({code for code, _name in rows}) == len({name for _code, name in rows}) == 20
    assert {code for code, _name in rows[:3]} == {"KZ-71", "KZ-75", "KZ-79"}
    assert all(addresses.region(name) == code for code, name in rows)
    assert all(addresses.region(code.lower()) == code for code, _name in rows)


def test_regions_are_sorted_by_the_alphabet_of_their_language() -> None:
    kk = [name for _code, name in addresses.regions(Language.KK)]
    assert kk.index("Қызылорда облысы") < kk.index("Маңғыстау облысы")
    assert kk.index("Ұлытау облысы") < kk.index("Шығыс Қазақстан облысы")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("Алматы", "KZ-75"), ("г. Алматы", "KZ-75"), ("Алма-Ата", "KZ-75")),
        *(("алматы обл.", "KZ-19"), ("Алматинская", "KZ-19"), ("Алматы облысы", "KZ-19")),
        *(("Жетысу", "KZ-33"), ("жетісу", "KZ-33"), ("Жетису", "KZ-33")),
        *(("Улытау", "KZ-62"), ("ҰЛЫТАУ ОБЛЫСЫ", "KZ-62")),
        *(("Нур-Султан", "KZ-71"), ("Чимкент", "KZ-79"), ("ВКО", "KZ-63")),
        *(("Караганды", "KZ-35"), ("Карагандинская  обл", "KZ-35"), ("Kostanay", "KZ-39")),
        ("Северо-Казахстанская область", "KZ-59"),
    ],
)
def test_every_usual_spelling_of_a_region_is_read(text: str, code: str) -> None:
    assert addresses.region(text) == code


@pytest.mark.parametrize("text", ["", "область", "Москва", "KZ-99", "KZ", "г.", "А" * 5000])
def test_what_is_no_region_is_refused(text: str) -> None:
    with pytest.raises(RegionError):
        addresses.region(text)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        *(("050000", "050000"), ("050 000", "050000"), ("050-000", "050000")),
        *(("A15E3B7", "A15E3B7"), ("a15e3b7", "A15E3B7"), ("А15Е3В7", "A15E3B7")),
        ("\u00a0020103 ", "020103"),
    ],
)
def test_both_kinds_of_postcode_are_read(text: str, stored: str) -> None:
    assert addresses.postcode(text) == stored


@pytest.mark.parametrize(
    "text",
    ["", "05000", "0500000", "１２３４５６", "٠٥٠٠٠٠", "A15E3BB", "Ж15Е3В7", "1" * 5000],
)
def test_what_is_no_postcode_is_refused(text: str) -> None:
    with pytest.raises(PostcodeError):
        addresses.postcode(text)


@given(st.text())
def test_no_text_breaks_the_readers(text: str) -> None:
    for read, error in (
        (addresses.postcode, PostcodeError),
        (addresses.region, RegionError),
    ):
        try:
            assert read(text)
        except error:
            continue


@SQLITE
def test_a_delivery_costs_what_the_settings_say(app: Flask) -> None:
    fees = {
        how: [delivery.fee(how, goods) for goods in (0, 49_999, 50_000)] for how in Delivery
    }
    assert fees == {
        Delivery.PICKUP: [0, 0, 0],
        Delivery.COURIER: [1500, 1500, 0],
        Delivery.POST: [2000, 2000, 0],
    }
    given_ = app.extensions["neupusti.settings"]
    app.extensions["neupusti.settings"] = replace(given_, delivery_free_from=0)
    assert delivery.fee(Delivery.COURIER, 10**6) == 1500


@SQLITE
def test_goods_are_collected_at_the_operators_unless_a_setting_says(app: Flask) -> None:
    for language, street in ((Language.RU, "Маркова"), (Language.KK, "Марков көшесі")):
        assert street in delivery.pickup_address(language)
    given_ = app.extensions["neupusti.settings"]
    app.extensions["neupusti.settings"] = replace(given_, pickup_address="Абая, 1")
    assert delivery.pickup_address(Language.KK) == "Абая, 1"


@pytest.mark.parametrize("name", ["courier_fee", "post_fee", "free_from"])
@pytest.mark.parametrize("value", [-1, 100_000_001])
def test_a_wrong_price_of_a_delivery_stops_the_start(name: str, value: int) -> None:
    with pytest.raises(SettingsError, match=f"DELIVERY_{name.upper()}"):
        Settings(secret_key=SECRET, **{f"delivery_{name}": value})  # type: ignore[arg-type]


def lines(statement: Statement, app: Flask) -> str:
    english = force_language(Language.EN), force_locale("en")
    with app.test_request_context(), english[0], english[1]:
        return "\n".join(statement.lines(OPERATOR))


@SQLITE
@pytest.mark.clause("3.2.5")
@pytest.mark.parametrize(
    ("how", "named"),
    [
        (Delivery.PICKUP, "Handed to third parties: no"),
        (Delivery.COURIER, "Handed to third parties: the shop's courier, Kazakhstan"),
        (Delivery.POST, "Handed to third parties: Kazpost JSC, Kazakhstan"),
    ],
)
def test_the_consent_names_who_gets_the_data_and_where(
    app: Flask, how: Delivery, named: str
) -> None:
    text = lines(delivery.statement(how), app)
    assert named in text
    assert "Sent outside Kazakhstan: no" in text
    assert ("address of delivery" in text) == how.needs_address
    assert delivery.statement(how).purpose == "4.1.1"
