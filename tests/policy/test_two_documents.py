"""A restatement and an operator's document of the same date, each with its moment."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core.text.languages import Language
from neupusti.policy.models import EditionKind, EditionSource, EditionState
from neupusti.policy.service import edition_store, editions
from neupusti.policy.service.drafts import Draft
from neupusti.policy.service.edition_store import Start
from tests.policy.documents import SMALL
from tests.times import Clock

CURRENT, DAY = date(2026, 11, 26), date(2027, 2, 1)
DECEMBER, MARCH = datetime(2026, 12, 14, 19, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
OWN = Draft(text=SMALL, language=Language.RU, day=DAY, kind=EditionKind.EDITORIAL)


def published(draft: Draft) -> None:
    edition, _new = editions.import_draft(draft)
    editions.publish(edition.date, draft.language, by="operator")


@pytest.mark.clause("9.2")
def test_the_operators_document_waits_for_its_moment_beside_a_restatement(
    app: Flask, client: FlaskClient, at: Clock
) -> None:
    def requested_edition() -> tuple[str, str, str | None]:
        json = client.get("/policy/current.json").json
        assert json is not None
        assert ("Политика магазина" in client.get("/policy/").text) is (
            json["source"] == "operator"
        )
        return json["date"], json["source"], json["coming"]

    published(
        replace(
            OWN,
            day=CURRENT,
            kind=EditionKind.MATERIAL,
            note="Сроки",
            effective_from=DECEMBER,
        )
    )

    assert requested_edition() == ("2026-11-26", "restatement", "2026-11-26")
    at(DECEMBER - SECOND)
    assert requested_edition() == ("2026-11-26", "restatement", "2026-11-26")
    at(DECEMBER)
    assert requested_edition() == ("2026-11-26", "operator", None)


@pytest.mark.clause("9.2")
def test_both_documents_of_one_date_can_be_read_and_compared(
    app: Flask, client: FlaskClient, at: Clock
) -> None:
    published(replace(OWN, day=CURRENT, effective_from=DECEMBER))
    waiting = f"/policy/{CURRENT}/?source=operator"

    page = client.get("/en/policy/").text
    assert "A new edition takes effect on 15 December 2026, 00:00" in page
    assert f'href="/en{waiting}"' in page
    assert f"/policy/compare/{CURRENT}/{CURRENT}/" in page
    own = client.get(waiting).text
    assert "Политика магазина" in own
    assert "15 декабря 2026" in own
    assert "Политика магазина" not in client.get(f"/policy/{CURRENT}/").text
    compared = client.get(f"/policy/compare/{CURRENT}/{CURRENT}/").text
    assert "<del" in compared
    assert "Сайт neupusti.kz бережёт данные" in compared
    assert client.get("/policy/feed.atom").text.count("<entry>") == 4

    at(DECEMBER)
    assert "Политика магазина" in client.get(f"/policy/{CURRENT}/").text
    displaced = client.get(f"/en/policy/{CURRENT}/?source=restatement").text
    assert "Политика магазина" not in displaced
    assert client.get("/policy/feed.atom").text.count("<entry>") == 3


def test_a_language_the_document_lacks_is_led_to_it(
    app: Flask, client: FlaskClient, at: Clock
) -> None:
    published(replace(OWN, day=CURRENT, effective_from=DECEMBER))
    at(DECEMBER)
    page = client.get("/en/policy/").text
    assert "document of this date has no text in this language" in page
    assert f'href="/en/policy/{CURRENT}/?source=operator"' in page
    assert "Политика магазина" in client.get(f"/en/policy/{CURRENT}/?source=operator").text


def test_a_replaced_restatement_has_no_moment(app: Flask, at: Clock) -> None:
    restated = replace(OWN, source=EditionSource.RESTATEMENT, effective_from=MARCH)
    published(restated)
    published(replace(OWN, effective_from=DECEMBER))

    texts = edition_store.current_store()
    assert texts.coming() == Start(DECEMBER, DAY, EditionSource.OPERATOR)
    at(DECEMBER)
    assert (texts.in_force(), texts.coming()) == (DAY, None)
    assert texts.effective_from(DAY) == DECEMBER
    at(MARCH)
    assert texts.effective_from(DAY) == DECEMBER
    assert texts.replaced(texts.text(DAY, Language.RU, EditionSource.RESTATEMENT))


def test_the_tree_publishes_its_own_texts_only(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    editions.import_draft(OWN)
    restated = replace(OWN, source=EditionSource.RESTATEMENT)
    # Drafts left by an interrupted start are published by the next one.
    editions.import_draft(restated)
    monkeypatch.setattr(editions, "shipped", lambda _published: iter([restated]))

    assert editions.seed() == "policy: 1 shipped editions added"
    states = {e.source: e.state for e in editions.all_editions() if e.date == DAY}
    assert states == {
        EditionSource.OPERATOR: EditionState.DRAFT,
        EditionSource.RESTATEMENT: EditionState.PUBLISHED,
    }
    assert editions.seed() == "policy: editions in place"
