"""Pathological documents are parsed in linear time.

Each call runs in a process with a CPU limit of a hundred times what all of them need; a
quadratic one would need an hour and is killed.
"""

import resource
import subprocess
import sys

import pytest

from neupusti.config.values import ROOT
from neupusti.policy.service import lint
from neupusti.policy.service.comparison import compare  # noqa: F401 - for `within_limit`
from neupusti.policy.service.decoding import read as read_bytes
from neupusti.policy.service.differences import (
    PAIRS_PER_UNIT,
    EditOperation,
    word_changes,
)
from neupusti.policy.service.parser import UnreadableDocumentError, parse
from neupusti.policy.service.stated_dates import stated_dates

SIZE, SECONDS = 300_000, 60
OPENING = "Заголовок\n1. Общее\n"
PATHOLOGICAL = {
    "one word": "a" * SIZE,
    "one word of two scripts": "аb" * (SIZE // 2),
    "words of two scripts": "аb вc.kz " * (SIZE // 9),
    "different words of two scripts": " ".join(f"аb{n:x}" for n in range(SIZE // 8)),
    "a host of hyphens": "a-" * (SIZE // 2) + "kz",
    "a host of dots": "a." * (SIZE // 2) + "kzx",
    "digits and dots": "1." * (SIZE // 2),
    "spaces": "1." + " " * SIZE + "x",
    "empty lines": "\n" * 100_000,
    "headings": "\n".join(f"{number}. Раздел" for number in range(1, 50_000)),
    "dots": f"{OPENING}1.1. Слово\n" + "." * SIZE + "x\n",
    "leaders": "Т\nСодержание\n" + "1. Глава .... 3\n" * (SIZE // 15),
    "page numbers": "Т\n" + "\n\n".join(f"{n % 999}" for n in range(SIZE // 5)),
    "form feeds": "Т\n" + "\fКолонтитул\n" * (SIZE // 12),
    "headings without numbers": "Т\n\n" + "Заголовок\n\nТекст.\n\n" * (SIZE // 19),
    "hashes": "Т\n" + "## Раздел\nТекст.\n" * (SIZE // 17),
    "bold marks": f"{OPENING}1.1. " + "**" * SIZE + "\n" + "**1.1.** " * (SIZE // 9),
    "broken lines": f"{OPENING}1.1. " + ("слово " * 11 + "и\n") * (SIZE // 68),
    "broken words": f"{OPENING}1.1. " + ("слово " * 11 + "пере-\n") * (SIZE // 71),
    "dates": f"{OPENING}1.1. Обновлено " + "25.11.2025 закон " * (SIZE // 17),
    "days": f"{OPENING}1.1. " + "«25» " * (SIZE // 5) + "июля",
    "signatures": f"{OPENING}1.1. Текст.\n" + "Директор ____\n" * (SIZE // 14),
    "items": f"{OPENING}1.1. Список:\n" + "- пункт;\n" * (SIZE // 9),
    "a broken sentence": f"{OPENING}1.1. Начало\n" + "x\n" * (SIZE // 2),
    "a broken item": f"{OPENING}1.1. Список:\n- начало\n" + "x\n" * (SIZE // 2),
    "clauses": OPENING
    + "1.1. Один\n"
    + "".join(
        f"1.{one}. Пункт\n" + "".join(f"1.{one}.{two}. И\n" for two in range(1, 999))
        for one in range(2, 30)
    ),
}


def read(text: str) -> None:
    """Lint and parse a document, as `flask policy check` does."""
    lint.lint(text)
    try:
        read_bytes(text.encode("utf-16"))
        stated_dates(parse(text))
    except UnreadableDocumentError as error:
        str(error)


def within_limit(call: str) -> bool:
    """Return whether a call of this module ends within the CPU limit."""
    limit = (SECONDS, SECONDS)
    done = subprocess.run(
        [sys.executable, "-c", f"from tests.policy.test_odd_documents import *; {call}"],
        cwd=ROOT,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, limit),
    )
    return done.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_an_odd_document_takes_no_longer_than_its_bytes(name: str) -> None:
    assert within_limit(f"read(PATHOLOGICAL[{name!r}])")


def test_long_clauses_take_no_longer_than_their_bytes() -> None:
    assert within_limit("word_changes('а б ' * 9999, 'а б в ' * 9999)")


def repeated(step: int) -> str:
    """Return a document of long clauses that consist of few words."""
    words = " ".join("абв"[(n * step) % 7 % 3] for n in range(1, 161))
    return OPENING + "".join(f"1.{n}. {words} {n * step}\n" for n in range(1, 900))


def different(step: int) -> str:
    """Return a document of long clauses, all with their own words."""
    clauses = (" ".join(f"с{n * step}к{w}" for w in range(60)) for n in range(1, 900))
    return OPENING + "".join(f"1.{n}. {c}\n" for n, c in enumerate(clauses, 1))


@pytest.mark.parametrize("kind", ["repeated", "different"])
@pytest.mark.slow
def test_documents_take_no_longer_to_compare_than_their_bytes(kind: str) -> None:
    assert within_limit(f"compare(parse({kind}(3)), parse({kind}(5)))")


def test_of_long_clauses_the_ends_are_compared() -> None:
    begin, end = "начало " * 400, " конец" * 400
    gone, come = "б в " * PAIRS_PER_UNIT, "в д " * PAIRS_PER_UNIT
    old, new = f"{begin}{gone}г{end}", f"{begin}{come}е{end}"
    runs = word_changes(old, new)
    assert [run.text for run in runs] == [begin, f"{gone}г", f"{come}е", end]
    for text, other in ((old, EditOperation.INSERTED), (new, EditOperation.DELETED)):
        assert "".join(run.text for run in runs if run.operation is not other) == text
