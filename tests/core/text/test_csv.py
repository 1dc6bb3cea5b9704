"""Tables for spreadsheets: nothing is evaluated, and what was written is read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neupusti.core.text import csv
from neupusti.core.text.csv import CsvError

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
TRICKY = st.sampled_from(["=1+1", "'=1", "''@x", "'a", "-5", "\t", "＝1", ";", 'a"b', "'"])


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+7", "-1", "@x", "\t=1", "＝1", "'=1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert csv.plain(cell) == f"'{cell}"


@given(st.lists(st.lists(CELLS | TRICKY, min_size=2, max_size=4), min_size=1, max_size=5))
@pytest.mark.slow
def test_what_was_written_is_read_again(rows: list[list[str]]) -> None:
    body = csv.csv_text(["article", "price"], rows).encode()
    read = [cells for _line, cells in csv.read(body)]
    assert read == [["article", "price"], *rows]


@pytest.mark.parametrize("divider", [",", ";", "\t"])
def test_every_divider_of_spreadsheets_is_read(divider: str) -> None:
    text = f'article{divider}name\r\nA-1{divider}"Чай, 2; зелёный"\r\n\r\nA-2{divider}я'
    assert csv.read(text.encode()) == [
        (1, ["article", "name"]),
        (2, ["A-1", "Чай, 2; зелёный"]),
        (4, ["A-2", "я"]),
    ]


@pytest.mark.parametrize(
    "body",
    ["Артикул;Цена".encode("cp1251"), b'a,b\n"never closed', b"a,b\n" + b"x" * 140_000],
)
def test_what_is_no_table_is_refused(body: bytes) -> None:
    with pytest.raises(CsvError):
        csv.read(body)
