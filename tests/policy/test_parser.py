import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neupusti.policy.service.parser import (
    Problem,
    UnreadableDocumentError,
    decode,
    parse,
)
from neupusti.policy.service.stated_dates import stated_dates
from tests.policy.documents import SMALL, changed, real_document


def problems(text: str) -> list[str]:
    with pytest.raises(UnreadableDocumentError) as caught:
        parse(text)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.clause("9.3")
def test_the_operators_document_is_read_as_it_is() -> None:
    document = parse(decode(real_document().read_bytes()))

    assert len(document.sections) == 9
    assert len(list(document)) == 68
    assert len(document.clauses["3.3"].items) == 5
    assert document.clauses["1.1.8"].text.startswith("«IP-адрес» —")
    assert "**Neupusti.kz**" in document.preamble[0]
    assert "невозможности сохранения какого-либо" in document.clauses["7.7"].text
    assert [one.day for one in stated_dates(document)] == [date(2022, 8, 4)]


@pytest.mark.parametrize("line", ["1.1. Слова", "- 1.1. Слова", "1.1 Слова", "– 1.1 Слова"])
def test_a_clause_is_known_by_its_number(line: str) -> None:
    document = parse(f"Имя\n\n1. Раздел\n\n{line}\n")
    assert document.clauses["1.1"].text == "Слова"


def test_the_tree_has_everything_in_its_place() -> None:
    document = parse(SMALL)

    assert document.title == "Политика магазина"
    assert document.preamble == ("Сайт neupusti.kz бережёт данные.",)
    assert [section.heading for section in document.sections] == ["Термины", "Данные"]
    assert list(document.clauses) == ["preamble", "1.1", "1.1.1", "2.1", "2.2", "2.3"]
    assert document.clauses["2.1"].items == ("имя;", "телефон.")
    assert document.clauses["2.2"].line == 16


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm() -> None:
    raw = b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode()
    assert parse(decode(raw)) == parse(SMALL)


def test_a_list_item_broken_over_a_page_is_joined() -> None:
    document = parse(changed("- телефон.", "- телефон для\n\nкурьера."))
    assert document.clauses["2.1"].items[1] == "телефон для курьера."


def test_a_broken_clause_may_end_in_a_list() -> None:
    document = parse(changed("Пользователь сообщает:", "Пользователь\nсообщает:"))
    assert document.clauses["2.1"].text == "Пользователь сообщает:"
    assert document.clauses["2.1"].items == ("имя;", "телефон.")


def test_a_problem_quotes_eighty_characters() -> None:
    assert str(Problem(2, "too long", "я" * 81)) == f"line 2: too long: «{'я' * 80}»"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "there is no numbered section"),
        ("Только слова\nи ещё", "there is no numbered section"),
        ("1. Раздел\n1.1. Слова", "line 1: there is no title above"),
        ("1. Раздел\n1.1. Слова\n2. Ещё\n2.1. Слова", "line 1: there is no title above"),
        (changed("п. 2.1.", "п\nСамом"), "line 17: this line belongs to no clause"),
        (changed("п. 2.1.", "п\nдругом.\nещё"), "line 18: this line belongs to no clause"),
        (changed("2. Данные", "3. Данные"), "line 11: section 3 stands where section 2"),
        (changed("2.2 ", "2.4 "), "line 16: clause 2.4 cannot follow 2.1"),
        (changed("2.2 ", "2.1 "), "line 16: clause 2.1 cannot follow 2.1"),
        (changed("1.1.1. ", "1.1.2. "), "line 9: clause 1.1.2 cannot follow 1.1"),
        (changed("2.1. Пол", "Пол"), "line 16: clause 2.2 cannot follow 2"),
        (
            changed("2.1. Пользователь сообщает:", "Слова"),
            "line 13: text between a heading",
        ),
        (changed("- имя;", "Отдельная строка"), "line 14: this line belongs to no clause"),
        (changed("- имя;", "\x1b[1m"), "line 14: control or direction characters"),
        (changed("- имя;", "слово \u202e наоборот"), "line 14: control or direction"),
        (
            changed("2.2 Подробности — в п. 2.1.", "2.2."),
            "line 16: a number without a text",
        ),
        (SMALL + "\n3. Пустой раздел\n", "line 20: section 3 has no clauses"),
    ],
)
def test_a_line_that_fits_nowhere_is_reported_with_its_line(
    text: str, expected: str
) -> None:
    assert any(problem.startswith(expected) for problem in problems(text)), problems(text)


def test_every_problem_is_reported_at_once() -> None:
    text = changed("2.2 ", "2.9 ").replace("- имя;", "Лишнее")
    lines = [problem.split(":")[0] for problem in problems(text)]
    assert lines == ["line 14", "line 16", "line 18"]


def test_bytes_that_are_no_text_are_named_by_line() -> None:
    with pytest.raises(UnreadableDocumentError, match="line 2: this is not UTF-8"):
        decode(b"one\n\xff\n")
    with pytest.raises(UnreadableDocumentError, match=r"^the file is larger than 1 MiB"):
        decode(b"a" * (1024 * 1024 + 1))
    assert len(decode(b"a" * 1024 * 1024)) == 1024 * 1024


def test_a_date_that_no_calendar_has_is_passed_over() -> None:
    text = changed("05.06.2023", "31.02.2023 и 01.03.2023")
    assert [one.day for one in stated_dates(parse(text))] == [date(2023, 3, 1)]


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused_with_reasons(text: str) -> None:
    try:
        parse(text)
    except UnreadableDocumentError as error:
        assert error.problems  # noqa: PT017 - either outcome is right


@given(st.lists(st.sampled_from(SMALL.split("\n")), max_size=24))
def test_nothing_of_a_document_that_is_read_gets_lost(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        document = parse(text)
    except UnreadableDocumentError:
        return
    kept = " ".join(
        [document.title, *document.approval, *document.closing]
        + [section.heading for section in document.sections]
        + [clause.whole for clause in document.clauses.values()]
        + [note.detail for note in document.notes]
    )
    for line in lines:
        bare = re.sub(r"^(- )?[\d.]+ |^- ", "", " ".join(line.split()))
        assert bare in kept
