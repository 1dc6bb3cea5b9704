"""Say in words what changed from the previous period of the same length.

Of an unfinished day, the same complete hours are compared. Rises are reported at once: the
totals with the current hour against those before up to the end of that hour.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from neupusti.access.counters import Totals
from neupusti.access.ingest.findings.kinds import Severity
from neupusti.core import clock
from neupusti.statistics.queries.figures import FigureSource
from neupusti.statistics.queries.period import Period
from neupusti.statistics.views import labels

MIN_REQUESTS = 20
"""With fewer requests a change is not significant."""
MIN_PEOPLE = 20
"""With fewer people both figures are said instead of the change in per cent."""
MIN_ERRORS = 5
NOTABLE_SHARE = 0.03
SHOWN_SHARE = 0.0005
"""A smaller change would be displayed as 0.0 %."""
DOUBLED = 2.0


@dataclass(frozen=True, slots=True)
class FigureChange:
    """One figure, and its change from the previous period."""

    now: int
    before: int

    @property
    def share(self) -> float | None:
        """The relative change; None if it was zero before."""
        return (self.now - self.before) / self.before if self.before else None

    @property
    def label(self) -> str:
        """The change as a short text."""
        if self.share is None:
            return ""
        if abs(self.share) < SHOWN_SHARE:
            return str(_("as before"))
        sign = "+" if self.share > 0 else "−"
        return f"{sign}{labels.percent(abs(self.share))}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A period up to its last complete hour, and the same hours of the previous one."""

    period: Period
    known: bool
    """Whether the log reaches back so far, and a complete hour is over."""
    total: Totals
    """All of the period, including the current hour."""
    now: Totals
    before: Totals
    most: Totals
    """The previous period up to the end of the current hour: what is above it in `total`
    has risen."""

    def of(self, name: str) -> FigureChange:
        """Return how a figure changed; no change if it cannot be compared."""
        now, before = getattr(self.now, name), getattr(self.before, name)
        # Not a fall if the current hour has made up for it.
        risen = getattr(self.total, name) > getattr(self.most, name)
        comparable = self.known and not (now < before and risen)
        return FigureChange(now, before if comparable else 0)


def compare(source: FigureSource, requested: Period, since: datetime) -> Comparison:
    """Compare a period with the previous one.

    The log starts at `since`; a period before that is not compared with.
    """
    period = requested.so_far
    known = period.before.start >= since
    if period.hours is None:
        total, before = source.totals(requested, period.before)
        return Comparison(period, known, total, total, before, before)
    running = replace(period, hours=period.hours + 1).before
    sums = source.totals(requested, period, period.before, running)
    return Comparison(period, known and not period.empty, *sums)


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence about a period, and where to read more."""

    sentence: Any
    severity: int = 0
    """0, or a `Severity` of findings: the worst is shown first."""
    href: str = ""


def remarks(
    compared: Comparison, missing: str, since: datetime, problems: str
) -> list[Remark]:
    """Return what is to be said about a period, the worst first.

    `missing` is the page that was most often not found, `problems` the URL of the page that
    shows faults and missing pages.
    """
    period, now, before = compared.period, compared.now, compared.before
    both = compared.total if period.empty else now + before
    if both.requests < MIN_REQUESTS:
        return [Remark(_("There is too little traffic yet to say what changed."))]
    if period.before.start < since:
        return [Remark(_("%(when)s: %(number)s. The log does not reach back far enough"
                         " to compare them.",
                         when=_period_label(period),
                         number=_people(compared.total.people)))]  # fmt: skip
    found = [
        Remark(_people_change(compared)),
        Remark(_missing(missing, compared), Severity.ATTACK, problems),
        Remark(_server_errors(compared), Severity.BREACH, problems),
        Remark(_robots(now, before), Severity.NOTICE),
    ]
    return sorted((one for one in found if one.sentence), key=lambda one: -one.severity)


def _people(number: int) -> Any:
    return ngettext("%(people)s person", "%(people)s people", number,
                    people=labels.number(number))  # fmt: skip


def _people_change(compared: Comparison) -> Any:
    when = _period_label(compared.period)
    if compared.period.empty:
        return _("%(when)s: %(number)s. Its first hour is not over, so nothing is"
                 " compared yet.",
                 when=when, number=_people(compared.total.people))  # fmt: skip
    now, before = compared.now.people, compared.before.people
    if now + before < MIN_PEOPLE or not before:
        return _("%(when)s: %(number)s; before: %(before)s.",
                 when=when, number=_people(now), before=labels.number(before))  # fmt: skip
    change = FigureChange(now, before).share or 0
    if abs(change) < NOTABLE_SHARE:
        return _("%(when)s: about as many people as before.", when=when)
    share = labels.percent(abs(change))
    if change > 0:
        return _("%(when)s: %(share)s more people than before.", when=when, share=share)
    return _("%(when)s: %(share)s fewer people than before.", when=when, share=share)


def _period_label(period: Period) -> Any:
    today = clock.today()
    if period.first == period.last == today:
        return _("Today so far")
    if period.days == 1 and (today - period.last).days == 1:
        return _("Yesterday")
    if (whole := _whole_days(period, today)) is not None:
        return ngettext("The last %(num)s whole day", "The last %(num)s whole days", whole)
    if period.last == today:
        return ngettext("The last %(num)s day", "The last %(num)s days", period.days)
    return labels.days(period)


def _whole_days(period: Period, today: date) -> int | None:
    """Return the days of a period that ends at the last midnight, else None."""
    if period.hours is None:
        return period.days if (today - period.last).days == 1 else None
    return period.days - 1 if period.hours == 0 else None


def _missing(path: str, compared: Comparison) -> Any:
    now, before = compared.total, compared.most
    if (
        not before.requests
        or now.not_found < MIN_ERRORS
        or now.not_found < before.not_found * DOUBLED
    ):
        return ""
    if before.not_found and now.not_found < before.not_found * (DOUBLED + 1):
        return _("Pages not found doubled, most often %(path)s.", path=path)
    return _(
        "Pages not found rose from %(before)s to %(now)s, most often %(path)s.",
        before=labels.number(before.not_found),
        now=labels.number(now.not_found),
        path=path,
    )


def _server_errors(compared: Comparison) -> Any:
    now, before = compared.total, compared.most
    if (
        not before.requests
        or now.server_errors < MIN_ERRORS
        or now.server_errors < before.server_errors * DOUBLED
    ):
        return ""
    return _(
        "Faults on our side rose from %(before)s to %(now)s.",
        before=labels.number(before.server_errors),
        now=labels.number(now.server_errors),
    )


def _robots(now: Totals, before: Totals) -> Any:
    if not now.requests or not before.requests:
        return ""
    share, earlier = now.robots / now.requests, before.robots / before.requests
    if abs(share - earlier) < 0.1:  # noqa: PLR2004 - ten points in a hundred
        return ""
    return _(
        "Robots made %(now)s of all requests, %(before)s before.",
        now=labels.percent(share),
        before=labels.percent(earlier),
    )
