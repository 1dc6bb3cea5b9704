import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core.text.languages import Language
from neupusti.policy.models import EditionKind
from neupusti.policy.service import editions
from neupusti.policy.service.drafts import Draft
from neupusti.policy.service.parser import parse
from tests.conftest import SQLITE
from tests.policy.documents import SMALL, changed
from tests.times import Clock

PREFIXES = ["", "/kk", "/en"]
OLD, NEW = "2022-08-04", "2026-11-26"


@pytest.fixture
def newer(app: Flask) -> date:
    """An operator's edition in Russian only, in force since the beginning of 2027."""
    day = date(2027, 1, 1)
    draft = Draft(text=SMALL, language=Language.RU, day=day, kind=EditionKind.EDITORIAL)
    editions.import_draft(draft)
    editions.publish(day, Language.RU, by="operator")
    return day


@SQLITE
@pytest.mark.clause("9.3")
@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(
    "path",
    [
        "/policy/",
        f"/policy/{OLD}/",
        f"/policy/{NEW}/",
        "/policy/history/",
        "/policy/ledger/",
        f"/policy/compare/{OLD}/{NEW}/",
        f"/policy/{NEW}/3.3.1",
        "/policy/current.json",
        "/policy/feed.atom",
    ],
)
def test_every_page_of_the_feature_answers(
    client: FlaskClient, prefix: str, path: str
) -> None:
    response = client.get(prefix + path)
    assert response.status_code == 200
    assert response.headers["Link"] == '</policy/>; rel="privacy-policy"'
    assert "Set-Cookie" not in response.headers


@SQLITE
@pytest.mark.slow
@pytest.mark.clause("9.3")
@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_clause_has_an_anchor_and_an_address(
    client: FlaskClient, prefix: str
) -> None:
    for day in (OLD, NEW):
        page = client.get(f"{prefix}/policy/{day}/").text
        numbers = re.findall(r'id="c(\d[\d.]*|preamble)"', page)
        assert len(numbers) == {OLD: 69, NEW: 74}[day]
        for number in numbers:
            assert client.get(f"{prefix}/policy/{day}/{number}").status_code == 200


@pytest.mark.clause("9.4")
def test_the_date_shown_is_computed_from_the_edition(client: FlaskClient) -> None:
    assert "1 ноября 2026" in client.get("/policy/").text
    assert "4 августа 2022" in client.get(f"/policy/{OLD}/").text
    assert "2026 ж. 1 қараша" in client.get("/kk/policy/").text.replace("\xa0", " ")


@pytest.mark.clause("9.2")
def test_page_json_and_feed_switch_at_the_same_minute(
    client: FlaskClient, newer: date, at: Clock
) -> None:
    def in_force() -> tuple[bool, str]:
        json = client.get("/policy/current.json").json
        assert json is not None
        return "Политика магазина" in client.get("/policy/").text, json["date"]

    at(datetime(2026, 12, 31, 18, 59, 59, tzinfo=UTC))
    assert in_force() == (False, NEW)
    assert "2027-01-01" in client.get("/policy/").text
    at(datetime(2026, 12, 31, 19, 0, tzinfo=UTC))
    assert in_force() == (True, "2027-01-01")
    assert client.get(f"/policy/{NEW}/").status_code == 200


def test_a_text_shown_in_another_language_says_so(
    client: FlaskClient, newer: date, at: Clock
) -> None:
    at(datetime(2027, 1, 2, tzinfo=UTC))
    page = client.get("/kk/policy/").text
    assert '<html lang="kk-KZ">' in page
    assert re.search(r'<article[^>]* lang="ru-KZ"', page)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/en/policy/2022-08-05/", "no edition of the policy dated 2022-08-05"),
        ("/en/policy/2022-02-30/", "“2022-02-30” is not a date"),
        ("/en/policy/2022-W31-4/", "“2022-W31-4” is not a date"),
        ("/en/policy/yesterday/", "“yesterday” is not a date"),
        ("/en/policy/2022-08-04/9.9", "has no clause 9.9"),
        ("/en/policy/compare/2022-08-04/1999-01-01/", "dated 1999-01-01"),
        ("/en/policy/compare/?a=2022-08-04&b=<b>", "“&lt;b&gt;” is not a date"),
        ("/en/policy/compare/", "is not a date"),
    ],
)
def test_an_unknown_edition_or_clause_is_refused_in_words(
    client: FlaskClient, path: str, expected: str
) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert expected in response.text


@SQLITE
def test_a_comparison_has_one_address_with_the_older_edition_first(
    client: FlaskClient,
) -> None:
    page = client.get(f"/kk/policy/compare/{OLD}/{NEW}/").text
    assert "<del" in page
    assert "<ins" in page
    assert f'rel="canonical" href="http://127.0.0.1:8000/kk/policy/compare/{OLD}/' in page
    back = client.get(f"/kk/policy/compare/{NEW}/{OLD}/")
    assert back.status_code == 301
    assert back.headers["Location"] == f"/kk/policy/compare/{OLD}/{NEW}/"


@SQLITE
@pytest.mark.parametrize("days", [(OLD, NEW), (NEW, OLD)])
def test_the_form_of_the_history_leads_to_the_comparison(
    client: FlaskClient, days: tuple[str, str]
) -> None:
    response = client.get(
        "/kk/policy/compare/", query_string=dict(zip("ab", days, strict=True))
    )
    assert response.status_code == 303
    assert response.headers["Location"] == f"/kk/policy/compare/{OLD}/{NEW}/"


@SQLITE
@pytest.mark.parametrize("path", ["/privacy", "/privacy/"])
def test_the_address_people_guess_leads_to_the_policy(
    client: FlaskClient, path: str
) -> None:
    response = client.get(path)
    assert (response.status_code, response.headers["Location"]) == (301, "/policy/")


@SQLITE
def test_the_source_of_the_text_is_shown(client: FlaskClient) -> None:
    own = changed("05.06.2023", "04.08.2022")
    english = client.get(f"/en/policy/{OLD}/").text
    assert "document of this date has not been published here" in english
    editions.import_draft(Draft(text=own, language=Language.RU, kind=EditionKind.EDITORIAL))
    editions.publish(date(2022, 8, 4), Language.RU, by="operator", backdate="on paper")

    shown = client.get(f"/policy/{OLD}/").text
    assert "Политика магазина" in shown
    displaced = client.get(f"/policy/{OLD}/?source=restatement").text
    assert "Политика магазина" not in displaced
    english = client.get(f"/en/policy/{OLD}/").text
    assert "document of this date has no text in this language" in english


@SQLITE
def test_terms_and_clauses_are_linked_where_they_are_used(client: FlaskClient) -> None:
    page = client.get(f"/en/policy/{NEW}/").text
    assert len(re.findall("<dfn", page)) == 10
    assert '<a class="term" href="#c1.1.7">cookies</a>' in page.lower()
    assert re.search(r'<a href="#c5\.2">5\.2</a>', page)


@SQLITE
def test_every_link_into_the_page_has_its_target(client: FlaskClient) -> None:
    for prefix in PREFIXES:
        page = client.get(f"{prefix}/policy/").text
        targets = set(re.findall(r'id="([^"]+)"', page))
        assert set(re.findall(r'href="#([^"]+)"', page)) <= targets


@SQLITE
@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", '"onmouseover="x', "{{ 7*7 }}", "**<b>**", "&amp;"],
)
def test_a_hostile_document_stays_text(client: FlaskClient, hostile: str) -> None:
    day = date(2026, 11, 2)
    text = changed("Подробности", f"{hostile} Подробности")
    draft = Draft(text=text, language=Language.RU, kind=EditionKind.EDITORIAL, note=hostile)
    editions.import_draft(replace(draft, day=day))
    editions.publish(day, Language.RU, by="operator", backdate="on paper")
    parse(text)
    for path in (f"/policy/{day}/", f"/policy/{day}/2.2", "/policy/history/"):
        page = client.get(path).text
        assert "<script>alert" not in page
        assert 'mouseover="x' not in page.replace("&#34;", "&quot;")
        assert "<b>" not in page
        assert "49" not in re.findall(r"\{\{.*?\}\}|49 Подробности", page)


def test_a_translation_without_a_note_shows_that_of_its_edition(
    app: Flask, client: FlaskClient, newer: date
) -> None:
    day = date(2027, 2, 1)
    russian = Draft(
        text=SMALL,
        language=Language.RU,
        day=day,
        kind=EditionKind.NEW_PURPOSE,
        note="Доставка",
    )
    for draft in (russian, Draft(text=SMALL, language=Language.KK, day=day)):
        editions.import_draft(draft)
        editions.publish(day, draft.language, by="operator")

    assert '<p lang="ru-KZ">Доставка</p>' in client.get(f"/kk/policy/{day}/").text
    history = client.get("/kk/policy/history/").text
    assert history.count('<p lang="ru-KZ">Доставка</p>') == 1
    assert history.count("Жаңа мақсат") == 1


def test_the_history_shows_the_kind_of_the_document_in_force(
    app: Flask, client: FlaskClient, at: Clock
) -> None:
    """The Kazakh restatement is still shown, but the kind is the operator's."""
    starts = datetime(2026, 12, 2, tzinfo=UTC)
    own = Draft(
        text=SMALL, language=Language.RU, day=date.fromisoformat(NEW), effective_from=starts
    )
    editions.import_draft(replace(own, kind=EditionKind.NEW_PURPOSE, note="Доставка"))
    editions.publish(date.fromisoformat(NEW), Language.RU, by="operator")
    assert "New purpose" not in client.get("/en/policy/history/").text
    at(starts)
    page = client.get("/en/policy/history/").text
    assert "New purpose" in page
    assert '<p lang="ru-KZ">Доставка</p>' in page
