"""A small policy for the tests, and the path of the operator's real one."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from neupusti.config.values import ROOT
from neupusti.core import clock
from neupusti.core.text.languages import Language
from neupusti.policy.models import EditionKind
from neupusti.policy.service import editions
from neupusti.policy.service.drafts import Draft
from neupusti.policy.service.parser import parse
from neupusti.policy.service.problems import UnreadableDocumentError

REAL = ROOT.parent / "shared" / "policy" / "policy-2022-08-04.ru.txt"

SMALL = """Политика магазина

Сайт neupusti.kz бережёт данные.

1. Термины

1.1. Здесь используются термины:

- 1.1.1. «Пользователь сайта» (далее — Пользователь) — тот, кто читает сайт.

2. Данные

2.1. Пользователь сообщает:
- имя;
- телефон.
2.2 Подробности — в п. 2.1.

2.3. Обновлено 05.06.2023 г.
"""


def real_document() -> Path:
    """Return the path of the operator's document; skip if it is not there."""
    if not REAL.exists():
        pytest.skip("the operator's document does not lie beside the tree")
    return REAL


def changed(old: str, new: str) -> str:
    """Return the small policy with `old`, which must occur, replaced by `new`."""
    assert old in SMALL
    return SMALL.replace(old, new)


def current_text(language: Language = Language.RU) -> str:
    """Return the newest shipped text in `language`."""
    newest = max(editions.shipped(), key=lambda draft: str(draft.day)).day
    drafts = (d for d in editions.shipped() if (d.day, d.language) == (newest, language))
    return next(drafts).text


def inserted(text: str, number: str, wording: str) -> str:
    """Return `text` with a new clause `number`; the ones after it count on."""
    parent, _, last = number.rpartition(".")
    pattern = re.compile(rf"^{re.escape(parent)}\.(\d+)\.(?=[ ])", re.MULTILINE)
    moved = pattern.sub(lambda m: f"{parent}.{int(m[1]) + (int(m[1]) >= int(last))}.", text)
    place = moved.index(f"{parent}.{int(last) + 1}. ")
    return f"{moved[:place]}{number}. {wording}\n\n{moved[place:]}"


def outline(lines: Sequence[str]) -> list[list[str]]:
    """Return the sections, the clauses and the notes of a document, each as a line."""
    document = parse("\n".join(lines) + "\n")
    return [
        [f"{section.number} {section.heading}".strip() for section in document.sections],
        [f"{clause.number}|{clause.shown}|{clause.whole}" for clause in document],
        [f"{note.line} {note.reading.name} {note.detail}" for note in document.notes],
    ]


def refusal(lines: Sequence[str]) -> list[str]:
    """Return what is wrong with a document that cannot be read."""
    with pytest.raises(UnreadableDocumentError) as refused:
        parse("\n".join(lines) + "\n")
    return str(refused.value).split("\n")


def ship() -> None:
    """Publish the shipped editions before any of a test, whatever the day of the run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: datetime(2026, 11, 26, tzinfo=UTC))
        editions.seed()


def publish(
    text: str, day: date, language: Language = Language.RU, backdate: str = ""
) -> None:
    """Publish `text` as the operator's edition of `day`."""
    editions.import_draft(
        Draft(text=text, language=language, day=day, kind=EditionKind.EDITORIAL)
    )
    editions.publish(day, language, by="operator", backdate=backdate)
