"""When something is due: against a slow recount, and as the law's examples have it."""

import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from holidays import country_holidays

from neupusti.config.values import ROOT
from neupusti.core.clock import ALMATY
from neupusti.core.deadlines import counting, terms
from neupusti.core.deadlines.terms import Unit, UnknownTermError
from neupusti.core.deadlines.workdays import Calendar

HALF_HOUR, DAY = timedelta(minutes=30), timedelta(days=1)
FIRST, LAST = date(2020, 1, 1), date(2035, 12, 31)
PLAIN = Calendar()
WORKING = {
    one.amount: one.code for one in terms.terms().values() if one.unit == "working day"
}
"""A term of each number of working days."""


@dataclass
class Law:
    """The days of the law, counted as slowly as can be; nothing of the site is asked.

    Whether an estimated holiday will be a day off, nobody knows: both are counted.
    """

    begins: list[datetime] = field(default_factory=list)
    """The first half hour of each day in Almaty, found by looking at every half hour."""
    days: list[date] = field(default_factory=list)

    def __post_init__(self) -> None:
        at, end = datetime(2019, 12, 1, tzinfo=UTC), datetime(2041, 2, 1, tzinfo=UTC)
        while at < end:
            day = at.astimezone(ALMATY).date()
            if not self.days or day > self.days[-1]:
                self.days.append(day)
                self.begins.append(at)
            at += HALF_HOUR
        self.last_of_year = {day.year: day for day in self.days}
        self.library = country_holidays(
            "KZ", years=range(2019, 2043), language="en_US", expand=False
        )

    def is_off(self, day: date, *, estimates: bool) -> bool:
        names = self.library.get_list(day)
        certain = [name for name in names if estimates or "estimated" not in name]
        weekend = day.isoweekday() in {6, 7}
        return (weekend or bool(certain)) and day not in self.library.weekend_workdays

    def last_day(self, unit: str, amount: int, start: date, *, estimates: bool) -> date:
        if unit == "year":
            return self.last_of_year[start.year + amount]
        passed, day = 0, start
        while passed < amount:
            day = self.after(day)
            if unit == "calendar day" or not self.is_off(day, estimates=estimates):
                passed += 1
        return day

    def after(self, day: date) -> date:
        return self.days[(day - self.days[0]).days + 1]

    def begin(self, day: date) -> datetime:
        return self.begins[(day - self.days[0]).days]


@pytest.fixture(scope="module")
def law() -> Law:
    return Law()


def all_days() -> list[date]:
    return [FIRST + n * DAY for n in range((LAST - FIRST).days + 1)]


@pytest.mark.clause("8.3")
@pytest.mark.clause("8.2")
@pytest.mark.ordeal(1, 6)
def test_no_term_ends_later_than_the_law_lets_it(law: Law, size: int) -> None:
    """Of each day the first `size` half hours and the last ones, for every term."""
    lengths = {(one.unit, one.amount): one.code for one in terms.terms().values()}
    assert len(lengths) > 6
    for start in all_days():
        begin, end = law.begin(start), law.begin(law.after(start))
        moments = [begin + n * HALF_HOUR for n in range(size)]
        moments += [end - n * HALF_HOUR for n in range(1, size + 1)]
        for (unit, amount), code in lengths.items():
            last = law.last_day(unit, amount, start, estimates=False)
            assert last <= law.last_day(unit, amount, start, estimates=True)
            expected = (start, last, law.begin(law.after(last)))
            for received in moments:
                found = counting.due(code, received, PLAIN)
                assert (found.start, found.day, found.at) == expected, (code, received)
                assert received < found.target < found.at


@pytest.mark.situation(27, of="rights")
def test_situation_27_every_weekday_can_be_the_start(law: Law) -> None:
    """Monday to Friday alone are late where a Saturday or a Sunday is worked."""
    late = []
    for start in all_days():
        noon = datetime(start.year, start.month, start.day, 7, tzinfo=UTC)
        weekday = start + DAY
        while weekday.isoweekday() > 5 or law.is_off(weekday, estimates=False):
            weekday += DAY
        found = counting.due(WORKING[1], noon, PLAIN).day
        assert found == law.last_day(Unit.WORKING_DAY, 1, start, estimates=False), start
        if weekday > found:
            late.append(start)
    assert date(2024, 5, 3) in late
    assert date(2025, 1, 4) in late


def almaty(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ALMATY)


@pytest.mark.situation(30, of="rights")
@pytest.mark.parametrize(
    ("received", "last"),
    [("2025-01-04T12:00", date(2025, 1, 5)), ("2024-05-03T12:00", date(2024, 5, 4))],
)
def test_situation_30_a_worked_weekend_counts(received: str, last: date) -> None:
    assert counting.due(WORKING[1], almaty(received), PLAIN).day == last


@pytest.mark.situation(29, of="rights")
@pytest.mark.parametrize(
    ("received", "last"),
    [("2026-11-27T18:59:59Z", date(2026, 12, 7)), ("2026-11-27T19:00Z", date(2026, 12, 8))],
)
def test_situation_29_the_date_is_that_of_almaty(received: str, last: date) -> None:
    moment = datetime.fromisoformat(received)
    assert counting.due("CLAIM_CONSUMER", moment, PLAIN).day == last


@pytest.mark.situation(31, of="rights")
@pytest.mark.parametrize(
    ("code", "last"),
    [
        ("RIGHTS_FIX", date(2026, 11, 30)),
        ("RIGHTS_ANSWER", date(2026, 12, 2)),
        ("OPTIN", date(2026, 12, 5)),
    ],
)
def test_situation_31_day_one_follows_the_receipt(code: str, last: date) -> None:
    """Received on a Saturday: of working days the first is Monday, of others Sunday."""
    assert counting.due(code, almaty("2026-11-28T12:00"), PLAIN).day == last


@pytest.mark.situation(26, of="rights")
def test_situation_26_no_term_of_the_law_has_hours() -> None:
    """At whatever time of a day something comes, it is due at the end of one same day."""
    assert {one.unit for one in terms.terms().values()} <= {*Unit}
    for code in terms.terms():
        for day in ("2026-03-20", "2026-11-28"):
            begin = almaty(f"{day}T00:00")
            ends = {counting.due(code, begin + n * HALF_HOUR, PLAIN).at for n in range(48)}
            assert len(ends) == 1
            assert ends.pop().astimezone(ALMATY).strftime("%H:%M:%S") == "00:00:00"


@pytest.mark.situation(28, of="rights")
def test_situation_28_a_day_off_needs_a_source() -> None:
    """Kurban Ait of 2027 is expected on 16 May, and of 2031 on 2 April, a Wednesday."""
    received, estimated = almaty("2031-04-01T12:00"), date(2031, 4, 2)
    assert counting.due("RIGHTS_FIX", received, PLAIN).day == estimated
    confirmed = Calendar(off=frozenset({estimated}))
    assert counting.due("RIGHTS_FIX", received, confirmed).day == date(2031, 4, 3)
    disputed = Calendar(off=frozenset({estimated}), worked=frozenset({estimated}))
    assert counting.due("RIGHTS_FIX", received, disputed).day == estimated
    for_others = Calendar(estimates=True)
    assert counting.due("RIGHTS_FIX", received, for_others).day == date(2031, 4, 3)


@pytest.mark.parametrize(
    ("code", "received", "last"),
    [
        ("RIGHTS_FIX", "2026-03-20T10:00", date(2026, 3, 26)),  # Nauryz moves two days
        ("RIGHTS_FIX", "2026-12-15T23:59", date(2026, 12, 17)),
        ("RIGHTS_ANSWER", "2026-12-31T09:00", date(2027, 1, 8)),
        ("RIGHTS_ERASE", "2026-12-20T09:00", date(2027, 1, 4)),  # a day off, not moved
        ("CLAIM_OTHER", "2024-01-31T09:00", date(2024, 3, 1)),
        ("RETURN", "2026-02-15T09:00", date(2026, 3, 1)),
        ("ACCOUNTING", "2026-03-01T09:00", date(2031, 12, 31)),
    ],
)
def test_the_examples(code: str, received: str, last: date) -> None:
    found = counting.due(code, almaty(received), PLAIN)
    assert found.day == last
    assert found.at == datetime(last.year, last.month, last.day, tzinfo=ALMATY) + DAY


@pytest.mark.parametrize("fold", [0, 1], ids=["UTC+6", "UTC+5"])
def test_both_passes_of_the_hour_that_came_twice(fold: int) -> None:
    """On 29 February 2024 the clocks of Almaty went from 24:00 back to 23:00."""
    received = datetime(2024, 2, 29, 23, 30, tzinfo=ALMATY, fold=fold)
    assert received.astimezone(UTC).hour == 17 + fold
    found = counting.due("RIGHTS_FIX", received.astimezone(UTC), PLAIN)
    assert (found.start, found.day) == (date(2024, 2, 29), date(2024, 3, 1))
    assert found.at == datetime(2024, 3, 1, 19, tzinfo=UTC)


def test_the_strictest_of_terms_wins() -> None:
    received = almaty("2026-11-27T12:00")
    found = counting.strictest(["CLAIM_OTHER", "CLAIM_CONSUMER"], received, PLAIN)
    assert (found.term.code, found.day) == ("CLAIM_CONSUMER", date(2026, 12, 7))
    # Three working days over New Year are longer than seven days.
    received = almaty("2026-12-31T12:00")
    found = counting.strictest(["RIGHTS_ANSWER", "OPTIN"], received, PLAIN)
    assert (found.term.code, found.day) == ("OPTIN", date(2027, 1, 7))


def test_an_unknown_term_is_an_error() -> None:
    with pytest.raises(UnknownTermError, match="no term RIGHTS"):
        counting.due("RIGHTS", almaty("2026-11-27T12:00"), PLAIN)


def test_a_day_off_is_moved_over_new_year() -> None:
    """28 December 2013, a Saturday, was worked instead of 3 January."""
    assert PLAIN.is_working(date(2013, 12, 28))
    assert not PLAIN.is_working(date(2014, 1, 3))


def test_the_working_day_before_passes_over_days_off() -> None:
    assert PLAIN.before(date(2026, 12, 1)) == date(2026, 11, 30)
    assert PLAIN.before(date(2026, 11, 29)) == date(2026, 11, 27)
    assert PLAIN.before(date(2026, 3, 26)) == date(2026, 3, 20)


def test_a_number_of_working_days_ends_with_the_last_of_them() -> None:
    friday = almaty("2026-11-27T23:59")
    assert counting.end_after(friday, 1, PLAIN) == almaty("2026-12-01T00:00")


def reminders(code: str, received: str) -> list[str]:
    moment = almaty(received)
    last = counting.due(code, moment, PLAIN).day
    found = counting.reminders(moment, last, PLAIN)
    return [f"{at.astimezone(ALMATY):%m-%d %H:%M}" for at in found]


def test_staff_are_reminded_at_half_the_day_before_and_on_the_day() -> None:
    found = reminders("CLAIM_CONSUMER", "2026-11-27T12:00")
    assert found == ["12-02 18:00", "12-04 09:00", "12-07 09:00"]
    assert reminders("RIGHTS_FIX", "2026-11-27T15:00") == ["11-27 19:00", "11-30 09:00"]


def test_what_is_late_is_reminded_of_daily() -> None:
    received = almaty("2026-11-27T15:00")
    last = counting.due("RIGHTS_FIX", received, PLAIN).day
    at, found = received, []
    for _ in range(5):
        at = counting.next_reminder(received, last, PLAIN, at)
        found.append(at.astimezone(ALMATY))
    assert [f"{one:%m-%d %H}" for one in found[:3]] == ["11-27 19", "11-30 09", "12-01 09"]
    assert all(later - earlier == DAY for earlier, later in pairwise(found[1:]))


@pytest.mark.slow
def test_the_library_is_loaded_with_the_first_count() -> None:
    """It takes longer than the rest of the start, and most processes never count."""
    load = "import sys, neupusti.app; sys.exit('holidays' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", load], cwd=ROOT, check=False).returncode == 0
    )
