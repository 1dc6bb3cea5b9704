import pytest
from hypothesis import given
from hypothesis import strategies as st

from neupusti.policy.service.comparison import ChangeStatus, ClauseChange, compare, sections
from neupusti.policy.service.differences import EditOperation, sentences, word_changes
from neupusti.policy.service.parser import parse
from neupusti.policy.service.words import wording
from tests.policy.documents import SMALL, changed, current_text, inserted
from tests.policy.test_alignment import HEALTH, LONG

TEXTS = st.lists(
    st.sampled_from(["сайт", "данные", "не", "в", ",", ".", "30", "дней"]), max_size=30
).map(" ".join)


def statuses(older: str, newer: str) -> dict[str, ChangeStatus]:
    return {c.number: c.status for c in compare(parse(older), parse(newer))}


def test_an_edition_does_not_differ_from_itself() -> None:
    assert set(statuses(SMALL, SMALL).values()) == {ChangeStatus.SAME}


def test_each_clause_has_its_status() -> None:
    newer = changed("2.3. Обновлено", "2.3. Исправлено").replace("- телефон.", "- почта.")
    newer += "\n2.4. Новый пункт.\n"

    assert statuses(SMALL, newer) == {
        "preamble": ChangeStatus.SAME,
        "1.1": ChangeStatus.SAME,
        "1.1.1": ChangeStatus.SAME,
        "2.1": ChangeStatus.CHANGED,
        "2.2": ChangeStatus.SAME,
        "2.3": ChangeStatus.CHANGED,
        "2.4": ChangeStatus.ADDED,
    }
    assert statuses(newer, SMALL)["2.4"] is ChangeStatus.REMOVED


def to_look_at(older: str, newer: str) -> list[ClauseChange]:
    return [change for change in compare(parse(older), parse(newer)) if change.touched]


def test_an_inserted_clause_is_one_change() -> None:
    (change,) = to_look_at(current_text(), inserted(current_text(), "4.1.3", HEALTH))
    assert (change.number, change.status) == ("4.1.3", ChangeStatus.ADDED)
    assert [(run.operation, run.text) for run in change.runs] == [
        (EditOperation.INSERTED, HEALTH)
    ]


def test_a_removed_clause_is_one_change_and_stands_where_it_was() -> None:
    older, newer = inserted(current_text(), "4.1.3", HEALTH), current_text()
    (change,) = to_look_at(older, newer)
    assert (change.number, change.status) == ("4.1.3", ChangeStatus.REMOVED)
    assert [(run.operation, run.text) for run in change.runs] == [
        (EditOperation.DELETED, HEALTH)
    ]
    row = [(c.number, c.was) for c in compare(parse(older), parse(newer))]
    place = row.index(("4.1.3", ""))
    assert row[place - 1 : place + 2] == [("4.1.2", ""), ("4.1.3", ""), ("4.1.3", "4.1.4")]


def test_a_moved_clause_is_one_change() -> None:
    text = "Гарантия не покрывает падений, воды и чужого вскрытия корпуса."
    moved = LONG.replace(f"2.2. {text}\n", "").replace("1.1. ", f"1.1. {text}\n1.2. ", 1)
    moved = moved.replace("1.3. Заб", "1.4. Заб").replace("1.2. Сто", "1.3. Сто")
    (change,) = to_look_at(LONG, moved)
    assert (change.number, change.was, change.moved) == ("1.1", "2.2", True)
    assert change.status is ChangeStatus.SAME


def test_of_two_that_change_places_one_has_moved() -> None:
    lines = LONG.split("\n")
    lines[4], lines[5] = (
        lines[5].replace("1.2.", "1.1."),
        lines[4].replace("1.1.", "1.2."),
    )
    (change,) = to_look_at(LONG, "\n".join(lines))
    assert change.moved
    assert change.status is ChangeStatus.SAME


def test_headings_are_compared_and_a_section_that_goes_keeps_its_place() -> None:
    newer = LONG.replace("2. Гарантия", "2. Гарантия мастерской")
    heading = sections(parse(LONG), parse(newer))[-1].heading
    assert [(run.operation, run.text) for run in heading] == [
        (EditOperation.KEPT, "Гарантия"),
        (EditOperation.INSERTED, " мастерской"),
    ]
    first, second = LONG.index("1. Заказы"), LONG.index("2. Гарантия")
    only = LONG[:first] + LONG[second:].replace("2. Г", "1. Г", 1).replace("2.1.", "1.1.")
    parts = sections(parse(LONG), parse(only.replace("2.2.", "1.2.")))
    assert [(p.number, p.was, p.status) for p in parts] == [
        ("preamble", "", ChangeStatus.SAME),
        ("1", "", ChangeStatus.REMOVED),
        ("1", "2", ChangeStatus.SAME),
    ]
    assert {c.status for c in parts[1].clauses} == {ChangeStatus.REMOVED}
    assert [(c.number, c.was, c.touched) for c in parts[2].clauses] == [
        ("1.1", "2.1", False),
        ("1.2", "2.2", False),
    ]


def test_of_a_long_clause_sentences_are_compared_first() -> None:
    old = (
        "Мы храним заказы три года. Курьер видит адрес. Данные никому не продаются. "
        "Фотографию можно удалить в любой день."
    )
    new = (
        "Курьер видит адрес и телефон. Резервные копии шифруются отдельным ключом. "
        "Данные никому не продаются. Фотографию можно удалить в любой час."
    )
    assert [(run.operation, run.text) for run in word_changes(old, new)] == [
        (EditOperation.DELETED, "Мы храним заказы три года. "),
        (EditOperation.KEPT, "Курьер видит адрес"),
        (EditOperation.INSERTED, " и телефон"),
        (EditOperation.KEPT, ". "),
        (EditOperation.INSERTED, "Резервные копии шифруются отдельным ключом. "),
        (
            EditOperation.KEPT,
            "Данные никому не продаются. Фотографию можно удалить в любой ",
        ),
        (EditOperation.DELETED, "день"),
        (EditOperation.INSERTED, "час"),
        (EditOperation.KEPT, "."),
    ]


def test_an_abbreviation_ends_no_sentence() -> None:
    text = "Адрес: г. Алматы, ул. Маркова и т. д. Второе; третье.\n– Четвёртое!"
    assert sentences(text) == [
        "Адрес: г. Алматы, ул. Маркова и т. д. Второе; ",
        "третье.\n",
        "– Четвёртое!",
    ]


def test_a_date_changes_as_one_word() -> None:
    runs = word_changes(
        "Обновлено 05.06.2023 нами всеми", "Обновлено 06.06.2023 нами всеми"
    )
    assert [run.text for run in runs][1:3] == ["05.06.2023", "06.06.2023"]


def test_only_the_words_that_changed_are_marked() -> None:
    runs = word_changes("ответ за 30 календарных дней", "ответ за 10 календарных дней")
    assert [(run.operation, run.text) for run in runs] == [
        (EditOperation.KEPT, "ответ за "),
        (EditOperation.DELETED, "30"),
        (EditOperation.INSERTED, "10"),
        (EditOperation.KEPT, " календарных дней"),
    ]


def test_a_rewritten_clause_is_shown_as_old_and_new() -> None:
    runs = word_changes(
        "Использование сайта означает согласие", "Мы ничего не выводим из чтения"
    )
    assert [run.operation for run in runs] == [
        EditOperation.DELETED,
        EditOperation.INSERTED,
    ]


def test_one_kept_word_between_changes_makes_no_island() -> None:
    runs = word_changes(
        "мы храним всё и всегда без срока для всех людей",
        "мы храним год и никогда без срока для всех людей",
    )
    assert [run.text for run in runs] == [
        "мы храним ",
        "всё и всегда",
        "год и никогда",
        " без срока для всех людей",
    ]


@given(TEXTS, TEXTS)
def test_the_runs_hold_both_texts_whole(old: str, new: str) -> None:
    runs = word_changes(old, new)
    assert old == "".join(r.text for r in runs if r.operation is not EditOperation.INSERTED)
    assert new == "".join(r.text for r in runs if r.operation is not EditOperation.DELETED)


@given(TEXTS)
def test_equal_texts_have_no_change(text: str) -> None:
    assert all(run.operation is EditOperation.KEPT for run in word_changes(text, text))


def test_clauses_stand_in_order_of_number() -> None:
    extra = "".join(f"\n2.{number}. Пункт {number}.\n" for number in range(4, 12))
    numbers = [change.number for change in compare(parse(SMALL), parse(SMALL + extra))]
    assert numbers[-4:] == ["2.8", "2.9", "2.10", "2.11"]


PLAIN = 'ТОО "Neupusti.net" - продавец, 1.5 %: e-mail a.b@example.kz (до 10 000 тенге).'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"Neupusti.net"', "«Neupusti.net»"),
        ('"Neupusti.net"', "**Neupusti.net**"),
        (" - ", " — "),
        (" - ", " "),
        ("e-mail", "e\N{NON-BREAKING HYPHEN}mail"),
        ("продавец,", "про\N{SOFT HYPHEN}давец"),
        ("10 000", "10\N{NO-BREAK SPACE}000"),
        ("(до 10 000 тенге).", "[до  10 000\n тенге]…"),
        (" - ", "\n• "),
    ],
)
def test_a_wording_is_free_of_marks(old: str, new: str) -> None:
    assert old in PLAIN
    assert wording(PLAIN.replace(old, new)) == wording(PLAIN)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("продавец", "Продавец"),
        ("1.5", "15"),
        ("1.5", "1,5"),
        (" %", ""),
        ("a.b@", "ab@"),
        ("a.b@", "a-b@"),
        ("до 10", "10"),
        ("10 000", "10 001"),
        ("до 10 000", "до -10 000 ±"),
    ],
)
def test_what_means_something_is_no_mark(old: str, new: str) -> None:
    assert old in PLAIN
    assert wording(PLAIN.replace(old, new)) != wording(PLAIN)


@given(TEXTS, TEXTS)
def test_what_differs_in_words_differs_in_wording(old: str, new: str) -> None:
    kept = [[w for w in text.split() if w not in {",", "."}] for text in (old, new)]
    assert (wording(old) == wording(new)) is (kept[0] == kept[1])
