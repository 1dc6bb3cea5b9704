from datetime import UTC, date, datetime

import pytest

from neupusti.core.text import dates
from neupusti.core.text.languages import Language


def spaced(text: str) -> str:
    """Return `text` with plain spaces, as a reader sees it."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (Language.RU, "4 августа 2022 г."),
        (Language.KK, "2022 ж. 4 тамыз"),
        (Language.EN, "4 August 2022"),
    ],
)
def test_a_day_in_words(language: Language, text: str) -> None:
    assert spaced(dates.in_words(date(2022, 8, 4), language)) == text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (Language.RU, "1 января 2027 г., 00:05, время Алматы (UTC+5)"),
        (Language.KK, "2027 ж. 1 қаңтар, 00:05, Алматы уақыты (UTC+5)"),
        (Language.EN, "1 January 2027, 00:05, Almaty time (UTC+5)"),
    ],
)
def test_a_moment_is_that_of_a_clock_in_almaty(language: Language, text: str) -> None:
    moment = datetime(2026, 12, 31, 19, 5, tzinfo=UTC)
    assert spaced(dates.moment(moment, language)) == text


def test_before_march_2024_almaty_was_six_hours_ahead() -> None:
    moment = datetime(2022, 8, 3, 18, 0, tzinfo=UTC)
    text = spaced(dates.moment(moment, Language.RU))
    assert text == "4 августа 2022 г., 00:00, время Алматы (UTC+6)"


@pytest.mark.parametrize("language", Language)
def test_every_space_is_one_that_fonts_have(language: Language) -> None:
    text = dates.moment(datetime(2026, 11, 1, tzinfo=UTC), language)
    assert {c for c in text if c.isspace()} <= {" ", "\xa0"}


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 26, 7, 6, 11, 123456, UTC), "2026-11-26T12:06:11+05:00"),
        (datetime(2024, 2, 29, 19, 0, 0, 999999, UTC), "2024-03-01T00:00:00+05:00"),
    ],
)
def test_a_machine_reads_whole_seconds_of_almaty(moment: datetime, text: str) -> None:
    assert dates.machine_readable(moment) == text


def test_a_machine_reads_a_day_as_it_is() -> None:
    assert dates.machine_readable(date(2022, 8, 4)) == "2022-08-04"
