import pytest
from hypothesis import given
from hypothesis import strategies as st

from neupusti.core.text.money import tenge


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0 ₸"),
        (7, "7 ₸"),
        (990, "990 ₸"),
        (4990, "4 990 ₸"),
        (12990, "12 990 ₸"),
        (1234567, "1 234 567 ₸"),
        (-500, "-500 ₸"),
    ],
)
def test_tenge_as_people_write_it(amount: int, text: str) -> None:
    assert tenge(amount) == text.replace(" ", "\xa0")


@given(st.integers(0, 10**12))
def test_an_amount_can_be_read_back_and_never_breaks_over_a_line(
    amount: int,
) -> None:
    *groups, sign = tenge(amount).split("\xa0")
    assert sign == "₸"
    assert int("".join(groups)) == amount
    assert all(len(group) == 3 for group in groups[1:])
