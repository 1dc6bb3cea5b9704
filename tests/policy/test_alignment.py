import pytest

from neupusti.policy.service.alignment import align
from neupusti.policy.service.parser import parse
from tests.policy.documents import SMALL, changed, current_text, inserted

HEALTH = "Обрабатывать сведения о здоровье, чтобы подобрать лекарства."
LONG = """Правила мастерской

1. Заказы

1.1. Мастерская принимает заказы на ремонт часов каждый будний день до вечера.
1.2. Стоимость ремонта называет мастер после того, как осмотрит механизм.
1.3. Забрать часы можно в течение месяца по квитанции или паспорту владельца.

2. Гарантия

2.1. На замену батареи даётся гарантия полгода, на ремонт механизма целый год.
2.2. Гарантия не покрывает падений, воды и чужого вскрытия корпуса.
"""


def renumbered(older: str, newer: str) -> dict[str, str]:
    """Return new number -> old number of the clauses whose numbers differ."""
    pairs = align(parse(older), parse(newer))
    return {new: old for new, old in pairs.items() if new != old}


def test_every_clause_is_found_in_the_same_document() -> None:
    document = parse(current_text())
    assert align(document, document) == {number: number for number in document.clauses}


def test_an_inserted_clause_shifts_numbers_and_nothing_else() -> None:
    old, new = current_text(), inserted(current_text(), "4.1.3", HEALTH)
    assert renumbered(old, new) == {f"4.1.{n + 1}": f"4.1.{n}" for n in range(3, 11)}
    assert "4.1.3" not in align(parse(old), parse(new))


def test_a_clause_is_found_in_another_section_though_words_changed() -> None:
    text = "Гарантия не покрывает падений, воды и чужого вскрытия корпуса."
    moved = LONG.replace(f"2.2. {text}\n", "").replace(
        "\n2. Гарантия",
        f"1.4. {text.replace('чужого вскрытия', 'вскрытия')}\n\n2. Гарантия",
    )
    assert renumbered(LONG, moved) == {"1.4": "2.2"}


def test_two_clauses_that_change_places_are_found() -> None:
    swapped = LONG.replace("1.1. ", "@ ").replace("1.2. ", "1.1. ").replace("@ ", "1.2. ")
    first, second = sorted(swapped.split("\n")[4:6])
    swapped = swapped.replace(f"{second}\n{first}", f"{first}\n{second}")
    assert renumbered(LONG, swapped) == {"1.1": "1.2", "1.2": "1.1"}


def test_a_clause_replaced_by_another_is_not_the_same() -> None:
    other = LONG.replace(
        "На замену батареи даётся гарантия полгода, на ремонт механизма целый год.", HEALTH
    )
    assert "2.1" not in align(parse(LONG), parse(other))


def test_a_clause_reworded_in_its_place_is_the_same() -> None:
    other = LONG.replace(
        "Стоимость ремонта называет мастер после того, как осмотрит механизм.",
        "Осмотрев механизм, мастер письменно называет стоимость работ.",
    )
    assert align(parse(LONG), parse(other))["1.2"] == "1.2"


def test_short_clauses_are_not_alike_by_chance() -> None:
    other = changed("Подробности — в п. 2.1.", "Условия и сроки описаны отдельно.")
    assert "2.2" not in align(parse(SMALL), parse(other))


def test_a_parent_is_found_by_its_children() -> None:
    old = "Т\n1. Р\n1.1. Термины:\n" + "".join(
        f"1.1.{n}. Мастерская номер {n} чинит часы марки {n * n}.\n" for n in range(1, 5)
    )
    new = old.replace("1.1. Термины:", "1.1. Что значат слова ниже:").replace("1.1", "1.2")
    new = new.replace("1. Р\n", "1. Р\n1.1. Сначала прочтите это введение до конца.\n")
    assert renumbered(old, new) == {"1.2": "1.1"} | {
        f"1.2.{n}": f"1.1.{n}" for n in range(1, 5)
    }


@pytest.mark.parametrize("text", [SMALL, LONG])
def test_every_clause_has_one_counterpart_at_most(text: str) -> None:
    pairs = align(parse(text), parse(current_text()))
    assert len(set(pairs.values())) == len(pairs)
