from collections.abc import Callable
from dataclasses import fields
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.config.settings import Settings
from neupusti.core.text.languages import Language
from tests.conftest import SQLITE
from tests.people import BIN

pytestmark = SQLITE

CARD = {
    "operator_name": "ТОО «Лавка & дом»",
    "operator_bin": BIN,
    "operator_address": "Казахстан, Алматы, ул. Маркова, 22/37",
    "operator_email": "privacy@shop.example",
    "operator_phone": "+7 701 000 00 09",
    "operator_responsible": "Дина Сапарова, юрист",
}


@pytest.fixture
def signed(made: Callable[..., Flask], settings: Settings) -> Flask:
    """The site with every operator setting."""
    given = {field.name: getattr(settings, field.name) for field in fields(settings)}
    return made(**given | CARD)


@pytest.mark.clause("preamble")
@pytest.mark.parametrize("path", ["/", "/policy/", "/policy/ledger/", "/nowhere"])
@pytest.mark.parametrize("language", Language)
def test_every_page_says_who_runs_the_site(
    signed: Flask, language: Language, path: str
) -> None:
    page = unescape(signed.test_client().get(language.prefix + path).text)
    footer = page[page.index("<footer") :]
    for detail in CARD.values():
        assert detail in footer
    assert 'href="mailto:privacy@shop.example"' in footer


def test_a_link_to_the_operator_leads_to_the_domain_that_was_set(
    made: Callable[..., Flask], settings: Settings
) -> None:
    given = {field.name: getattr(settings, field.name) for field in fields(settings)}
    client = made(**given | {"operator_email": "info@straße.de"}).test_client()
    page = client.get("/").text
    assert 'href="mailto:info@xn--strae-oqa.de">info@straße.de<' in page
    security = client.get("/.well-known/security.txt").text
    assert "Contact: mailto:info@xn--strae-oqa.de\n" in security


def test_what_is_not_known_yet_is_not_made_up(client: FlaskClient) -> None:
    page = client.get("/en/").text
    footer = page[page.index("<footer") :]
    assert "not given yet" in footer
    assert "mailto:" not in footer


def test_a_name_in_another_language_is_marked(
    signed: Flask, made: Callable[..., Flask], settings: Settings
) -> None:
    name = CARD["operator_name"]
    marked = f'<span lang="ru">{name}</span>'
    pages = {
        language: unescape(signed.test_client().get(f"{language.prefix}/").text)
        for language in Language
    }
    assert [marked in page for page in pages.values()] == [False, True, True]
    given = {field.name: getattr(settings, field.name) for field in fields(settings)}
    own = made(**given | CARD | {"operator_name_kk": "«Дүкен» ЖШС"})
    assert marked not in unescape(own.test_client().get("/kk/").text)
