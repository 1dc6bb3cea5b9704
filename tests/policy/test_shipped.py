"""The shipped editions."""

import re

import pytest

from neupusti.core.text.languages import Language
from neupusti.policy.service.drafts import Draft
from neupusti.policy.service.editions import shipped
from neupusti.policy.service.glossary import terms
from neupusti.policy.service.lint import lint
from neupusti.policy.service.parser import decode, parse
from neupusti.policy.service.stated_dates import own_date
from tests.policy.documents import real_document

SHIPPED = list(shipped())
WORD = re.compile(r"\w+")
RUN = 8


def name(draft: Draft) -> str:
    return f"{draft.day}-{draft.language}"


def of(day: str, language: Language) -> str:
    return next(d.text for d in SHIPPED if name(d) == f"{day}-{language}")


@pytest.mark.parametrize("draft", SHIPPED, ids=name)
def test_each_reads_lints_and_names_its_own_date(draft: Draft) -> None:
    document = parse(draft.text)
    assert len(document.sections) == 9
    stated = own_date(document)
    assert stated is not None
    assert stated.day == draft.day
    assert lint(draft.text) == []
    assert draft.note


@pytest.mark.clause("1.1", "1.1.9", "1.1.10")
@pytest.mark.parametrize("language", Language)
def test_every_term_of_the_glossary_is_anchored(language: Language) -> None:
    document = parse(of("2026-11-01", language))
    glossary = [c.number for c in document if c.number.startswith("1.1.")]
    assert [term.number for term in terms(document)] == glossary
    assert len(glossary) == 10


@pytest.mark.parametrize("day", ["2022-08-04", "2026-11-01"])
def test_the_languages_have_the_same_clauses(day: str) -> None:
    shapes = {
        tuple((c.number, len(c.items)) for c in parse(of(day, language)))
        for language in Language
    }
    assert len(shapes) == 1


def test_the_restatement_keeps_the_operators_numbers() -> None:
    real = parse(decode(real_document().read_bytes()))
    ours = parse(of("2022-08-04", Language.RU))
    assert list(ours.clauses) == list(real.clauses)
    assert set(real.clauses) < set(parse(of("2026-11-01", Language.RU)).clauses)


@pytest.mark.parametrize("day", ["2022-08-04", "2026-11-01"])
def test_our_sentences_are_our_own(day: str) -> None:
    real = parse(decode(real_document().read_bytes()))
    taken = {run for clause in real.clauses.values() for run in runs(clause.whole)}
    ours = parse(of(day, Language.RU))
    assert [
        (clause.number, run)
        for clause in ours.clauses.values()
        for run in runs(clause.whole)
        if run in taken
    ] == []


def runs(text: str) -> list[tuple[str, ...]]:
    words = [word.casefold() for word in WORD.findall(text) if not word.isdigit()]
    return [tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)]
