"""One key per address, and every edition as text, JSON and entry of the feed."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from html import unescape
from xml.etree import ElementTree as ET

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from neupusti.config.settings import Settings
from neupusti.core.text.languages import Language
from neupusti.core.web import page_cache
from neupusti.policy.models import EditionKind
from neupusti.policy.service import edition_store, editions
from neupusti.policy.service.drafts import Draft
from tests.conftest import SQLITE
from tests.policy.documents import SMALL

pytestmark = SQLITE

ATOM = "{http://www.w3.org/2005/Atom}"


OTHER_SPELLINGS = (
    *("2022-W31-4", "20220804", "2022-8-4", "２０２２-08-04", "2022-08-04 "),
    *("+2022-08-04", "2022-08-04T00", "current", "0000-00-00"),
)


@pytest.mark.parametrize(
    "path",
    [
        *("/kk/policy/{}/", "/policy/{}.txt", "/policy/{}.json"),
        *("/policy/{}/1.1", "/policy/compare/{}/2026-11-01/"),
    ],
)
def test_a_date_has_one_spelling(client: FlaskClient, path: str) -> None:
    linked = client.get("/kk/policy/2022-08-04/").text
    for day in OTHER_SPELLINGS:
        if (path, day) != ("/policy/{}.json", "current"):
            assert client.get(path.format(day)).status_code == 404, day
            assert f"/policy/{day}" not in linked


def test_a_stored_page_never_shows_the_address_of_another(app: Flask) -> None:
    """A view may forget that two addresses lead to it; the store does not."""
    shown = []
    for path in ("/policy/one/", "/policy/two/"):
        with app.test_request_context(path):
            answer = page_cache.public("the same key", render=lambda: request.path)
            shown.append(answer.get_data(as_text=True))
    assert shown == ["/policy/one/", "/policy/two/"]


@pytest.mark.clause("9.3")
@pytest.mark.parametrize("prefix", ["", "/kk", "/en"])
def test_every_edition_has_its_exact_text_and_json(
    client: FlaskClient, prefix: str
) -> None:
    texts: dict[str, str] = {}
    others: set[str] = set()
    for day in ("2022-08-04", "2026-11-01"):
        json = client.get(f"{prefix}/policy/{day}.json").json
        assert json is not None
        assert json["date"] == day
        text = client.get(f"{prefix}/policy/{day}.txt")
        assert text.mimetype == "text/plain"
        assert sha256(text.data).hexdigest() == json["sha256"]
        assert text.headers["Content-Language"] == json["language"]
        known = {"If-None-Match": text.headers["ETag"]}
        assert client.get(text.request.path, headers=known).status_code == 304
        texts |= {one["text"]: one["sha256"] for one in json["editions"]}
        others |= {one[name] for one in json["editions"] for name in ("json", "url")}
    for address in others:
        assert client.get(_path(address)).status_code == 200, address
    found = {one: sha256(client.get(_path(one)).data).hexdigest() for one in texts}
    assert found == texts


def _path(address: str) -> str:
    return address.removeprefix("http://127.0.0.1:8000")


def feed(client: FlaskClient, prefix: str) -> ET.Element:
    return ET.fromstring(client.get(f"{prefix}/policy/feed.atom").text)  # noqa: S314 - ours


def test_the_ids_of_the_feed_outlive_the_address(
    made: Callable[..., Flask], settings: Settings, client: FlaskClient
) -> None:
    moved = made(**vars_of(settings) | {"base_url": "http://localhost:9"}).test_client()
    editions_of = [
        [one.text for one in feed(each, "/kk").iter(f"{ATOM}id")]
        for each in (client, moved)
    ]
    assert editions_of[0] == editions_of[1]
    assert len(set(editions_of[0])) == 4
    assert all(str(one).startswith("urn:uuid:") for one in editions_of[0])
    assert feed(client, "").findtext(f"{ATOM}id") != editions_of[0][0]


def vars_of(settings: Settings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in settings.__dataclass_fields__}


def test_the_feed_speaks_its_own_language_and_always_sums_up(
    app: Flask, client: FlaskClient
) -> None:
    own = Draft(text=SMALL, language=Language.RU, kind=EditionKind.EDITORIAL)
    editions.import_draft(replace(own, day=datetime(2027, 2, 1).date()))  # noqa: DTZ001
    editions.publish(datetime(2027, 2, 1).date(), Language.RU, by="operator")  # noqa: DTZ001
    for entry in feed(client, "/en").iter(f"{ATOM}entry"):
        title = entry.findtext(f"{ATOM}title") or ""
        assert not re.search("[а-яё]", title)
        assert title.startswith("Privacy policy, edition of ")
        assert entry.findtext(f"{ATOM}summary")
    summary = feed(client, "/en").findtext(f"{ATOM}entry/{ATOM}summary")
    assert summary == (
        "Editorial change; effective from 1 February 2027, 00:00, Almaty time (UTC+5)"
    )


def test_only_a_restated_document_is_called_missing(client: FlaskClient) -> None:
    missing = "the operator's own document of this date has not been published here"
    assert missing in unescape(client.get("/en/policy/2022-08-04/").text)
    page = unescape(client.get("/en/policy/2026-11-01/").text)
    assert missing not in page
    assert "Worded by this site." in page
    restated = {t.date.year for t in edition_store.current_store().texts if t.restates}
    assert restated == {2022}


@pytest.mark.parametrize(
    ("prefix", "name", "address"),
    [
        ("", "ТОО «Neupusti.net»", "Республика Казахстан, Алматы, ул. Маркова, 22/37"),
        (
            "/kk",
            "«Neupusti.net» ЖШС",
            "Қазақстан Республикасы, Алматы, Марков көшесі, 22/37",
        ),
        ("/en", "“Neupusti.net” LLP", "22/37 Markov Street, Almaty, Kazakhstan"),
    ],
)
def test_the_operator_is_named_in_the_readers_language(
    client: FlaskClient, prefix: str, name: str, address: str
) -> None:
    page = unescape(client.get(f"{prefix}/policy/").text)
    footer = page[page.index("<footer class=") :]
    assert name in footer
    assert address in footer


def test_settings_name_the_operator_in_other_languages(
    made: Callable[..., Flask], settings: Settings
) -> None:
    given = vars_of(settings) | {"operator_name": "ТОО «Лавка»"}
    plain = made(**given).test_client()
    assert "ТОО «Лавка»" in plain.get("/kk/").text
    set_ = made(**given | {"operator_name_kk": "«Лавка» ЖШС"}).test_client()
    assert "«Лавка» ЖШС" in set_.get("/kk/").text
    assert "«Лавка» ЖШС" not in set_.get("/en/").text


@pytest.mark.parametrize(
    ("prefix", "named"),
    [
        ("", "опубликованный текст больше нельзя изменить"),
        ("/kk", "жарияланған мәтінді енді өзгертуге болмайды"),
        ("/en", "a published text can never be changed again"),
    ],
)
def test_proofs_are_named_in_the_readers_language(
    client: FlaskClient, prefix: str, named: str
) -> None:
    page = client.get(f"{prefix}/policy/2026-11-01/9.1").text
    assert named in page
    assert "then public then immutable" not in page
