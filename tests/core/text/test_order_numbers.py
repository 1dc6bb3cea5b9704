"""Numbers of orders: every slip is found, every way of writing is read."""

import re
from datetime import date
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neupusti.core.text import order_numbers
from neupusti.core.text.order_numbers import SIGNS, OrderNumberError

DAY = date(2026, 11, 22)
DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2068, 12, 31))
BODY = re.compile(rf"NP-261122-[{SIGNS}]{{4}}-[{SIGNS}]")


def signs_of(number: str) -> str:
    """Return its eleven signs without the prefix and the hyphens."""
    return number.replace("-", "")[2:]


def is_read(signs: str) -> bool:
    try:
        order_numbers.parse(f"NP{signs}")
    except OrderNumberError:
        return False
    return True


def test_a_number_is_a_date_four_signs_and_a_sayable_check_sign() -> None:
    numbers = {order_numbers.new(DAY) for _ in range(2000)}
    assert len(numbers) > 1990
    assert all(BODY.fullmatch(number) for number in numbers)


@given(DAYS)
def test_a_number_is_read_as_it_was_made(day: date) -> None:
    number = order_numbers.new(day)
    assert order_numbers.parse(number) == number


@given(DAYS)
def test_every_single_error_is_found(day: date) -> None:
    signs = signs_of(order_numbers.new(day))
    for place, right in enumerate(signs):
        for wrong in SIGNS.replace(right, ""):
            assert not is_read(signs[:place] + wrong + signs[place + 1 :])


@given(DAYS)
def test_every_transposition_is_found(day: date) -> None:
    signs = signs_of(order_numbers.new(day))
    for one, other in combinations(range(len(signs)), 2):
        swapped = list(signs)
        swapped[one], swapped[other] = swapped[other], swapped[one]
        if signs[one] != signs[other]:
            assert not is_read("".join(swapped))


NUMBER = "NP-261122-1C0H-5"
"""Its signs have look-alikes in Cyrillic, and 0 and 1."""


@pytest.mark.parametrize(
    "written",
    [
        NUMBER,
        NUMBER.lower(),
        f"  {NUMBER}\u00a0",
        NUMBER.replace("-", " "),
        NUMBER.replace("-", ""),
        NUMBER.replace("-", "–"),
        NUMBER.replace("NP", "НП"),
        NUMBER.replace("NP", "нп").replace("C", "С").replace("H", "н"),
        NUMBER.replace("0", "O"),
        NUMBER.replace("0", "о").replace("1", "l"),
        NUMBER.replace("1", "I"),
        NUMBER.removeprefix("NP-"),
    ],
)
def test_every_usual_way_of_writing_is_read(written: str) -> None:
    assert order_numbers.parse(written) == NUMBER


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "NP",
            "NP-",
            "12345",
            "NP-261122-1C0H",
            "NP-261322-1C0H-5",
            "XX-261122-1C0H-5",
        ),
        *("NP-26112A-1C0H-5", "NP-261122-1C0H-*", "NP-261122-1C0H-U", "٢٦١١٢٢1C0H5"),
        *("' OR 1=1 --", "../../etc/passwd", "N" * 10_000, "NP\0-261122-1C0H-5"),
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(OrderNumberError) as error:
        order_numbers.parse(text)
    assert not error.value.mistyped


def test_a_wrong_check_sign_is_told_from_what_is_no_number() -> None:
    with pytest.raises(OrderNumberError) as error:
        order_numbers.parse("NP-261122-1C0H-X")
    assert error.value.mistyped
