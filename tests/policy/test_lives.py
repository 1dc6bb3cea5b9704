"""A clause keeps its identity and its address whatever number it bears."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core.text.languages import Language
from neupusti.policy.models import EditionSource
from neupusti.policy.service.clauses import Event, ids_of, life, pairs
from neupusti.policy.service.edition_store import current_store
from neupusti.policy.service.parser import parse
from tests.conftest import SQLITE
from tests.policy.documents import current_text, inserted, publish, real_document
from tests.policy.test_alignment import HEALTH, LONG

FIRST, NEXT, SHIPPED = date(2022, 8, 4), date(2026, 11, 1), date(2026, 11, 26)
JANUARY, FEBRUARY, MARCH = date(2027, 1, 1), date(2027, 2, 1), date(2027, 3, 1)
LATER = datetime(2027, 4, 1, tzinfo=UTC)


def ids(day: date, language: Language = Language.RU) -> Mapping[str, str]:
    store = current_store()
    return ids_of(store, store.text(day, language))


def test_the_shipped_editions_keep_their_numbers(app: Flask) -> None:
    old, new = ids(FIRST), ids(SHIPPED)
    assert {number: new[number] for number in old} == old
    assert len(set(new.values())) == len(new) == 74


def test_an_identity_follows_the_words(app: Flask) -> None:
    before = dict(ids(SHIPPED))
    publish(inserted(current_text(), "4.1.3", HEALTH), JANUARY)
    after = ids(JANUARY)
    assert after["4.1.4"] == before["4.1.3"]
    assert after["4.1.11"] == before["4.1.10"]
    assert after["4.1.3"] not in before.values()
    assert ids(SHIPPED) == before


@pytest.mark.parametrize("language", Language)
def test_a_text_in_another_language_has_the_same_identities(
    app: Flask, language: Language
) -> None:
    assert ids(SHIPPED, language) == ids(SHIPPED)


def test_no_later_publication_changes_an_identity(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    """Not of an edition with an earlier date, of another source or in another language."""
    known: dict[date, dict[str, str]] = {}
    steps: list[tuple[str, date, Language]] = [
        (LONG, MARCH, Language.RU),
        (inserted(current_text(), "4.1.3", HEALTH), FEBRUARY, Language.RU),
        (LONG.replace("месяца", "недели"), JANUARY, Language.RU),
        (current_text(Language.KK), FEBRUARY, Language.KK),
    ]
    for hour, (text, day, language) in enumerate(steps):
        at(datetime(2026, 12, 2, hour, tzinfo=UTC))
        publish(text, day, language)
        known |= {one: dict(ids(one)) for one in current_store().dates if one not in known}
        for one, before in known.items():
            assert dict(ids(one)).items() >= before.items()


def test_the_same_installation_anywhere_has_the_same_addresses(app: Flask) -> None:
    assert ids(SHIPPED)["preamble"] == "m2eekhmg"


def test_the_operators_document_inherits_from_the_restatement(app: Flask) -> None:
    text = real_document().read_text()
    publish(text, FIRST, backdate="on paper")
    store = current_store()
    own = store.text(FIRST, Language.RU)
    assert own.source is EditionSource.OPERATOR
    assert ids_of(store, own) == {n: ids(SHIPPED)[n] for n in own.document.clauses}
    assert pairs(store, own, store.text(SHIPPED, Language.RU)) == {
        number: number for number in own.document.clauses
    }


def test_a_clause_that_returns_is_the_one_it_was(app: Flask) -> None:
    text = "Забрать часы можно в течение месяца по квитанции или паспорту владельца."
    publish(LONG, JANUARY)
    publish(LONG.replace(f"1.3. {text}\n", ""), FEBRUARY)
    publish(
        LONG.replace("1.1. ", f"1.1. {text}\n1.2. ")
        .replace("1.2. Стоимость", "1.3. Стоимость")
        .replace(f"1.3. {text}\n", ""),
        MARCH,
    )
    found = life(current_store(), ids(JANUARY)["1.3"], Language.RU)
    assert found is not None
    assert [(s.start.day, s.event) for s in found.stages] == [
        (JANUARY, Event.APPEARED),
        (FEBRUARY, Event.REMOVED),
        (MARCH, Event.RETURNED),
    ]
    assert found.numbers == ("1.3", "1.1")
    assert len(found.wordings) == 1


def test_a_life_has_a_stage_for_each_edition(app: Flask) -> None:
    publish(inserted(current_text(), "4.1.3", HEALTH), JANUARY)
    publish(
        inserted(current_text(), "4.1.3", HEALTH).replace("получает номер", "получает код"),
        FEBRUARY,
    )
    found = life(current_store(), ids(FIRST)["4.1.3"], Language.RU)
    assert found is not None
    assert [(s.start.day, s.event) for s in found.stages] == [
        (FIRST, Event.APPEARED),
        (NEXT, Event.REWORDED),
        (SHIPPED, Event.KEPT),
        (JANUARY, Event.RENUMBERED),
        (FEBRUARY, Event.REWORDED),
    ]
    assert found.numbers == ("4.1.3", "4.1.4")
    assert [s.start.day for s in found.wordings] == [FIRST, NEXT, FEBRUARY]


def test_stages_are_compared_in_a_language_both_have(app: Flask) -> None:
    publish(inserted(current_text(), "4.1.3", HEALTH), JANUARY)
    found = life(current_store(), ids(FIRST)["4.1.3"], Language.KK)
    assert found is not None
    assert [s.text.language for s in found.stages] == [
        *[Language.KK] * 3,
        Language.RU,
    ]
    assert found.stages[-1].event is Event.RENUMBERED


@pytest.mark.clause("9.3")
@pytest.mark.parametrize("language", Language)
def test_every_clause_leads_to_its_life_in_three_languages(
    client: FlaskClient, language: Language
) -> None:
    page = client.get(f"{language.prefix}/policy/").text
    links = re.findall(rf'href="{language.prefix}/policy/clauses/(\w+)/"', page)
    known = ids(SHIPPED, language)
    assert links == [known[number] for number in parse(current_text(language)).clauses]
    for number in ("preamble", "4.1.3"):
        one = ids(SHIPPED)[number]
        path = f"{language.prefix}/policy/clauses/{one}/"
        assert path in client.get(f"{language.prefix}/policy/{SHIPPED}/{number}").text
        assert client.get(path).status_code == 200


@SQLITE
def test_every_life_is_in_the_sitemap(client: FlaskClient) -> None:
    listed = re.findall(
        r"<loc>[^<]*(/policy/clauses/\w+/)</loc>", client.get("/sitemap/pages.xml").text
    )
    assert len(set(listed)) == 74
    for path in listed:
        assert client.get(path).status_code == 200


@pytest.mark.clause("9.3")
def test_the_page_tells_what_changed_when(
    app: Flask, client: FlaskClient, at: Callable[[datetime], None]
) -> None:
    publish(inserted(current_text(), "4.1.3", HEALTH), JANUARY)
    at(LATER)
    page = unescape(client.get(f"/policy/clauses/{ids(FIRST)['4.1.3']}/").text)
    assert "История пункта 4.1.4" in page
    assert "4.1.3 → 4.1.4" in page
    stages = re.findall(r'<li class="stack (\w+)">', page)
    assert stages == ["appeared", "reworded", "kept", "renumbered"]
    assert "прежний номер: 4.1.3" in page
    assert f'href="/policy/compare/{SHIPPED}/{JANUARY}/#c4.1.4"' in page


def test_the_page_of_a_clause_that_is_gone_shows_its_last_wording(
    app: Flask, client: FlaskClient, at: Callable[[datetime], None]
) -> None:
    publish(LONG, JANUARY)
    at(LATER)
    page = client.get(f"/en/policy/clauses/{ids(SHIPPED)['4.1.3']}/").text
    assert "No longer in force" in page
    assert "The last edition that had it:" in page
    assert re.findall(r'<li class="stack (\w+)">', page)[-1] == "removed"


def test_the_page_of_a_clause_to_come_says_so(app: Flask, client: FlaskClient) -> None:
    publish(inserted(current_text(), "4.1.3", HEALTH), JANUARY)
    page = client.get(f"/en/policy/clauses/{ids(JANUARY)['4.1.3']}/").text
    assert "Coming" in page
    assert HEALTH in page
    assert "No longer in force" not in page


@SQLITE
@pytest.mark.parametrize("one", ["aaaaaaaa", "4.1.3", "AAAAAAAA", "%3Cb%3E"])
def test_an_unknown_clause_is_refused_in_words(client: FlaskClient, one: str) -> None:
    response = client.get(f"/en/policy/clauses/{one}/")
    assert response.status_code == 404
    assert "No clause of the policy has this address." in response.text


@SQLITE
def test_one_spelling_is_the_address(client: FlaskClient) -> None:
    one = ids(SHIPPED)["4.1.3"]
    assert client.get(f"/policy/clauses/{one.upper()}/").status_code == 404


def test_a_clause_page_pairs_editions_by_words(
    app: Flask, client: FlaskClient, at: Callable[[datetime], None]
) -> None:
    publish(inserted(current_text(), "4.1.3", HEALTH), JANUARY)
    at(LATER)
    own = client.get(f"/en/policy/{JANUARY}/4.1.3").text
    assert "No other edition has this clause." in own
    moved = client.get(f"/en/policy/{JANUARY}/4.1.4").text
    assert f'href="/en/policy/{SHIPPED}/4.1.3"' in moved
    assert f"/policy/compare/{SHIPPED}/{JANUARY}/#c4.1.4" in moved


def test_the_comparison_page_marks_one_addition_and_the_new_numbers(
    app: Flask, client: FlaskClient, at: Callable[[datetime], None]
) -> None:
    text = inserted(current_text(), "4.1.3", HEALTH)
    text = text.replace("4. Для чего нужны Данные", "4. Цели обработки")
    publish(text.replace("Политика", "Правила", 1), JANUARY)
    at(LATER)
    page = client.get(f"/en/policy/compare/{SHIPPED}/{JANUARY}/").text
    figures = dict(re.findall(r'<dt>([^<]+)</dt><dd class="figure">(\d+)', page))
    assert figures == {"Added": "1", "Only the number changed": "8", "Unchanged": "74"}
    assert "Unchanged: 4.1.4 to 4.1.11" in page
    assert "was 4.1.3 – 4.1.10" in page
    assert re.search("<del>.*Политика</span>|<del>.*Политика<span", page)
    heading = page[page.index("<span>4.</span>") :]
    assert re.search("<del>.*Для чего нужны Данные", heading[:400])
    assert re.search("<ins>.*Цели обработки", heading[:400])
