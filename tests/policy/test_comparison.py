import pytest
from hypothesis import given
from hypothesis import strategies as st

from neupusti.policy.service.comparison import (
    ChangeStatus,
    EditOperation,
    compare,
    word_changes,
    wording,
)
from neupusti.policy.service.parser import parse
from tests.policy.documents import SMALL, changed

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
