"""A small policy for the tests, and the path of the operator's real one."""

from pathlib import Path

import pytest

from neupusti.config.values import ROOT

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
