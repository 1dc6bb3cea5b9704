"""Tracking numbers of a post (UPU S10): their form and their check digit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neupusti.core.text import phones, tracking
from neupusti.core.text.tracking import TrackError


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("RR123456785KZ", "RR123456785KZ"),
        ("RR473124829GB", "RR473124829GB"),
        (" rr 473 124 829 gb ", "RR473124829GB"),
        ("CP-000000005-KZ", "CP000000005KZ"),
        ("CC000040000KZ", "CC000040000KZ"),
    ],
)
def test_a_number_is_read_in_any_usual_spelling(text: str, stored: str) -> None:
    assert tracking.s10(text) == stored


@given(st.integers(0, 99_999_999), st.integers(0, 9))
def test_one_check_digit_fits_and_a_wrong_one_is_told(number: int, digit: int) -> None:
    texts = [f"RR{number:08}{last}KZ" for last in range(10)]
    (fitting,) = (text for text in texts if is_read(text))
    text = texts[digit]
    if text != fitting:
        with pytest.raises(TrackError) as found:
            tracking.s10(text)
        assert found.value.mistyped


def is_read(text: str) -> bool:
    try:
        return tracking.s10(text) == text
    except TrackError:
        return False


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12345",
        "RR12345678KZ",
        "ЯЯ123456785KZ",
        "RR１23456785KZ",
        "R" * 5000,
        "RR٣23456785KZ",
    ],
)
def test_what_is_no_tracking_number_is_refused(text: str) -> None:
    with pytest.raises(TrackError) as found:
        tracking.s10(text)
    assert not found.value.mistyped


@pytest.mark.parametrize(
    ("stored", "digits"),
    [("+77011234567", "87011234567"), ("+4915112345678", "4915112345678")],
)
def test_a_phone_is_dialled_in_digits(stored: str, digits: str) -> None:
    assert phones.dialled(stored) == digits
