"""Documents that come close to a shape that is read, and are refused by line."""

import pytest

from tests.policy.documents import refusal

REFUSED = {
    "a paragraph shorter than one line": (
        [
            "Политика магазина",
            "",
            "1. Данные",
            "1.1. Магазин собирает имя",
            "",
            f"{'Покупатель сообщает всё сам'.ljust(78, 'а')},",
        ],
        [
            (
                "line 6: this line belongs to no clause: "
                f"«{'Покупатель сообщает всё сам'.ljust(78, 'а')},»"
            )
        ],
    ),
    "a clause above the first hash heading": (
        [
            "Политика магазина",
            "",
            "1.1. Магазин собирает имя.",
            "",
            "## Данные",
            "",
            "1.1. Магазин собирает телефон.",
        ],
        ["line 3: clause 1.1 cannot follow the beginning: «Магазин собирает имя.»"],
    ),
    "the number of another section": (
        [
            "Политика магазина",
            "",
            "1. Данные",
            "1.1. Магазин собирает имя.",
            "2. Права",
            "1.1. Чужой пункт.",
        ],
        [
            "line 5: section 2 has no clauses: «Права»",
            "line 6: clause 1.1 cannot follow 2: «Чужой пункт.»",
        ],
    ),
    "a number below no list": (
        [
            "Политика магазина",
            "",
            "1. Данные",
            "1.1. Магазин собирает имя (см. ниже:)",
            "1. Чужой раздел",
        ],
        ["line 5: section 1 stands where section 2 should: «Чужой раздел»"],
    ),
    "nothing to belong to": (
        [
            "Политика магазина",
            "",
            "2. Данные",
            "– имя;",
            "",
            "Это всё, что хранится.",
        ],
        [
            "line 3: section 2 stands where section 1 should: «Данные»",
            "line 4: this line belongs to no clause: «– имя;»",
            "line 6: this line belongs to no clause: «Это всё, что хранится.»",
        ],
    ),
    "a second heading of an article": (
        [
            "Политика магазина",
            "",
            "Глава 1. Общие положения",
            "",
            "Статья 1.",
            "",
            "Какие данные собираются",
            "",
            "Имя и телефон,",
            "",
            "1. Адрес покупателя.",
        ],
        ["line 9: this line belongs to no clause: «Имя и телефон,»"],
    ),
}
"""Name -> lines of the document, and what is wrong with them."""


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_placed_is_refused_by_line(name: str) -> None:
    lines, wrong = REFUSED[name]
    assert refusal(lines) == wrong
