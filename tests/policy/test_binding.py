"""The ledger speaks of a clause only as it is worded, whatever number the clause bears."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core.text.languages import Language
from neupusti.policy.models import EditionKind
from neupusti.policy.service import binding, editions, ledger
from neupusti.policy.service.binding import bind
from neupusti.policy.service.drafts import Draft
from neupusti.policy.service.edition_store import current_store
from neupusti.policy.service.parser import decode, parse
from neupusti.policy.service.words import fingerprint
from tests.conftest import SQLITE
from tests.policy.documents import current_text, inserted, publish, real_document
from tests.policy.test_alignment import HEALTH, LONG

DAY = date(2027, 1, 1)
UNASSESSED = "Not assessed for this wording"


def shown(page: str, number: str) -> str:
    """Return what a policy page shows of one clause, up to the next one."""
    return page[page.index(f'id="c{number}"') :].split("</li>\n", maxsplit=1)[0]


@pytest.fixture
def operators(app: Flask, at: Callable[[datetime], None]) -> None:
    """The operator's edition with a clause about health, in force."""
    publish(inserted(current_text(), "4.1.3", HEALTH), DAY)
    at(datetime(2027, 1, 2, tzinfo=UTC))


@pytest.mark.clause("9.3")
def test_what_the_site_does_stands_beside_the_words_and_not_the_number(
    operators: None, client: FlaskClient
) -> None:
    entries = ledger.entries()
    page = client.get("/en/policy/").text
    own, next_ = shown(page, "4.1.3"), shown(page, "4.1.4")
    assert UNASSESSED in own
    assert entries["4.1.3"].sentences["en"] not in own
    assert UNASSESSED not in next_
    assert entries["4.1.3"].sentences["en"] in next_


def test_the_single_clause_and_the_ledger_say_the_same(
    operators: None, client: FlaskClient
) -> None:
    sentence = ledger.entries()["4.1.3"].sentences["en"]
    assert UNASSESSED in client.get(f"/en/policy/{DAY}/4.1.3").text
    assert sentence in client.get(f"/en/policy/{DAY}/4.1.4").text
    page = client.get("/en/policy/ledger/").text
    rows = dict(re.findall(r'<tr id="c([\d.]+)">(.*?)</tr>', page, re.DOTALL))
    assert UNASSESSED in rows["4.1.3"]
    assert sentence in rows["4.1.4"]
    assert len(rows) == 74


def test_what_no_clause_says_is_done_besides(
    app: Flask, client: FlaskClient, at: Callable[[datetime], None]
) -> None:
    publish(LONG, DAY)
    at(datetime(2027, 1, 2, tzinfo=UTC))
    page = unescape(client.get("/en/policy/ledger/").text)
    assert page.count(f"{UNASSESSED}</span>") == 6
    besides = page[page.index("What this site does besides") :]
    for entry in ledger.entries().values():
        assert entry.sentences["en"] in besides


@SQLITE
@pytest.mark.parametrize("language", Language)
def test_every_clause_of_the_shipped_editions_is_bound_by_its_number(
    app: Flask, language: Language
) -> None:
    store = current_store()
    for day in store.dates:
        document = store.text(day, language).document
        found = bind(store, document)
        assert {n: (b.entry, b.likeness) for n, b in found.items()} == {
            number: (number, 1) for number in document.clauses
        }


@SQLITE
def test_every_clause_of_the_operators_document_is_bound(app: Flask) -> None:
    document = parse(decode(real_document().read_bytes()))
    found = bind(current_store(), document)
    assert [n for n in document.clauses if n not in found] == []
    assert all(bound.entry == number for number, bound in found.items())


def test_every_fingerprint_is_of_a_text() -> None:
    """A shipped text that changes loses its entries until they were read again."""
    marks = {
        fingerprint(clause.whole)
        for draft in editions.shipped()
        for clause in parse(draft.text).clauses.values()
    }
    assert marks <= binding.shipped().keys()
    assert {e for marks in binding.shipped().values() for e in marks} == {*ledger.entries()}


@SQLITE
@pytest.mark.parametrize(
    ("old", "new", "bound"),
    [
        ("мы без промедления пишем", "мы без промедления сообщаем", True),
        ("Политика обновлена 26.11.2026", "Политика обновлена 01.01.2027", True),
        ("пока он не передан", "пока он передан", False),
        ("за 3 рабочих дня", "за 30 рабочих дней", False),
        ("мы этого не скрываем", "мы это скрываем", False),
    ],
)
def test_a_wording_is_bound_if_it_is_alike_in_all_that_matters(
    app: Flask,
    old: str,
    new: str,
    bound: bool,  # noqa: FBT001
) -> None:
    assert old in current_text()
    document = parse(current_text().replace(old, new))
    number = next(n for n, c in document.clauses.items() if new in c.whole)
    assert (number in bind(current_store(), document)) is bound


@SQLITE
def test_a_kazakh_ending_that_turns_the_sentence_binds_nothing(app: Flask) -> None:
    text = current_text(Language.KK)
    document = parse(text)
    number, word = next(
        (n, w)
        for n, c in document.clauses.items()
        if len(c.text) > 300
        for w in re.findall(r"\w+лайды\b|\w+лаймыз\b", c.text)
    )
    negated = word.replace("лайды", "ламайды").replace("лаймыз", "ламаймыз")
    changed = parse(text.replace(word, negated, 1))
    assert number not in bind(current_store(), changed)


def test_a_reader_is_told_that_the_wording_is_only_alike(
    app: Flask, client: FlaskClient, at: Callable[[datetime], None]
) -> None:
    publish(
        current_text().replace("мы без промедления пишем", "мы без промедления сообщаем"),
        DAY,
    )
    at(datetime(2027, 1, 2, tzinfo=UTC))
    assert (
        "Written for a wording that is like this one by 9"
        in client.get(f"/en/policy/{DAY}/5.3").text
    )
    assert "Written for a wording" not in client.get(f"/en/policy/{DAY}/5.4").text


def run(app: Flask, *words: object) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["policy", *map(str, words)])
    return result.exit_code, result.output


def test_check_lists_the_clauses_the_ledger_does_not_know(
    app: Flask, tmp_path: Path
) -> None:
    file = tmp_path / "policy.txt"
    file.write_text(inserted(current_text(), "4.1.3", HEALTH))
    code, output = run(app, "check", file)
    assert code == 0
    assert "not assessed for their wording: 1 of 75" in output
    assert f"  4.1.3 «{HEALTH[:60]}»: " in output


def test_a_clause_is_assessed_by_hand_and_the_pages_follow(
    operators: None, app: Flask, client: FlaskClient
) -> None:
    def page() -> str:
        return client.get(f"/en/policy/{DAY}/4.1.3").text

    assert UNASSESSED in page()
    code, output = run(app, "assess", DAY, "4.1.3", "--entry", "4.1.8")
    assert (code, "4.1.3 «Обрабатывать" in output) == (0, True)
    assert ledger.entries()["4.1.8"].sentences["en"] in page()
    assert UNASSESSED not in client.get("/en/policy/ledger/").text
    assert run(app, "assess", DAY, "4.1.3", "--none")[0] == 0
    assert UNASSESSED in page()
    assert run(app, "assess", DAY, "4.1.4", "--none")[0] == 0
    assert UNASSESSED in client.get(f"/en/policy/{DAY}/4.1.4").text


def test_a_draft_can_be_assessed_before_it_is_published(
    app: Flask, client: FlaskClient, at: Callable[[datetime], None]
) -> None:
    text = inserted(current_text(), "4.1.3", HEALTH)
    editions.import_draft(
        Draft(text=text, language=Language.RU, day=DAY, kind=EditionKind.EDITORIAL)
    )
    assert run(app, "assess", DAY, "4.1.3")[0] == 0
    editions.publish(DAY, Language.RU, by="operator")
    assert UNASSESSED not in client.get(f"/en/policy/{DAY}/4.1.3").text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("2001-01-01", "4.1.3"), "There is no edition of 2001-01-01 in «ru»"),
        (("2026-11-01", "4.1.30", "--none"), "has no clause 4.1.30"),
        (("2026-11-01", "4.1.3", "--entry", "9.9"), "The ledger has no entry 9.9"),
        (("2026-11-01", "4.1.30"), "The ledger has no entry 4.1.30"),
        (("04.08.2022", "4.1.3"), "does not match the format"),
    ],
)
def test_a_wrong_assessment_is_refused_in_words(
    app: Flask, words: tuple[str, ...], expected: str
) -> None:
    code, output = run(app, "assess", *words)
    assert code != 0
    assert expected in output
    assert "Traceback" not in output
    assert current_store().assessments == ()
