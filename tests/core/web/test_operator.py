from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neupusti.core.web.operator import Operator, valid_bin
from tests.people import BIN

FULL = Operator(
    name="ТОО",
    bin=BIN,
    address="Алматы",
    email="privacy@example.kz",
    phone="",
    responsible="A lawyer",
)


def remainder(digits: str, weights: list[int]) -> int:
    return sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11


def completed(eleven: str) -> str | None:
    """Return `eleven` with its check digit by the published rule; None if there is none."""
    check = remainder(eleven, list(range(1, 12)))
    if check == 10:
        check = remainder(eleven, [*range(3, 12), 1, 2])
    return None if check == 10 else f"{eleven}{check}"


ELEVEN = st.text("0123456789", min_size=11, max_size=11)
TWICE = next(n for n in (f"{i:011}" for i in range(10**6)) if completed(n) is None)
SECOND = next(
    n
    for n in (f"{i:011}" for i in range(10**6))
    if remainder(n, list(range(1, 12))) == 10 and completed(n)
)


@given(ELEVEN)
def test_only_the_right_check_digit_is_valid(eleven: str) -> None:
    taken = [f"{eleven}{d}" for d in range(10) if valid_bin(f"{eleven}{d}")]
    whole = completed(eleven)
    assert taken == ([whole] if whole else [])


def test_a_second_pass_finds_the_digit_where_the_first_gives_ten() -> None:
    whole = completed(SECOND)
    assert whole is not None
    assert valid_bin(whole)


def test_a_number_that_gives_ten_twice_is_never_issued() -> None:
    assert not any(valid_bin(f"{TWICE}{digit}") for digit in range(10))


@pytest.mark.parametrize(
    "text", ["", BIN[:-1], BIN + "0", f" {BIN}", f"{BIN}\n", "16024000000a", "١٦٠٢٤٠٠٠٠٠٠٨"]
)
def test_what_is_not_twelve_plain_digits_is_no_bin(text: str) -> None:
    assert not valid_bin(text)


def test_a_complete_operator_misses_nothing() -> None:
    assert FULL.missing() == []


@pytest.mark.parametrize(
    ("field", "value", "what"),
    [
        ("bin", "", "a valid BIN"),
        ("bin", "160240000009", "a valid BIN"),
        ("email", "", "a contact e-mail"),
        ("email", "privacy.example.kz", "a contact e-mail"),
        ("responsible", "  ", "a responsible person"),
    ],
)
def test_an_operator_names_what_is_missing(field: str, value: str, what: str) -> None:
    given: dict[str, Any] = {field: value}
    assert replace(FULL, **given).missing() == [what]
