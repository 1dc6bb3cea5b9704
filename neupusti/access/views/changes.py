"""What changed, said in words: the whole days of a period against as many before."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from neupusti.access.queries.figures import Source, Totals
from neupusti.access.queries.filters import Dimension
from neupusti.access.queries.period import Period
from neupusti.access.views import words
from neupusti.core import clock

FEW = 20
"""Fewer requests than this say nothing by their change."""
SOME = 5
NOTHING = 0.03
UNSEEN = 0.0005
"""A smaller change would be shown as 0.0 %."""
DOUBLED = 2.0


@dataclass(frozen=True, slots=True)
class Change:
    """One figure now, and its change against the time before."""

    now: int
    before: int

    @property
    def share(self) -> float | None:
        """The change as a share of what was before; None where nothing was."""
        return (self.now - self.before) / self.before if self.before else None

    @property
    def says(self) -> str:
        """The change in a few signs."""
        if self.share is None:
            return ""
        if abs(self.share) < UNSEEN:
            return str(_("as before"))
        sign = "+" if self.share > 0 else "−"
        return f"{sign}{words.percent(abs(self.share))}"


def sentences(source: Source, period: Period, since: datetime) -> list[Any]:
    """Return what is worth knowing about a period, the most telling first.

    The log is known from `since` on: what it does not reach is not compared with.
    """
    whole = period.whole
    now, before = source.totals(whole), source.totals(whole.before)
    if now.requests + before.requests < FEW:
        return [_("There is too little traffic yet to say what changed.")]
    if whole.before.start < since:
        return [_("%(when)s: %(number)s requests. The log does not reach back far enough"
                  " to compare them.",
                  when=_when(whole), number=words.number(now.requests))]  # fmt: skip
    said = [_requests(whole, now, before)]
    if missing := _missing(source, whole, now, before):
        said.append(missing)
    if faults := _faults(now, before):
        said.append(faults)
    if robots := _robots(now, before):
        said.append(robots)
    return said


def _requests(period: Period, now: Totals, before: Totals) -> Any:
    when = _when(period)
    change = Change(now.requests, before.requests).share
    if change is None:
        return _("%(when)s: the first requests, %(number)s of them.",
                 when=when, number=words.number(now.requests))  # fmt: skip
    if abs(change) < NOTHING:
        return _("%(when)s: about as many requests as before.", when=when)
    share = words.percent(abs(change))
    if change > 0:
        return _("%(when)s: %(share)s more requests than before.", when=when, share=share)
    return _("%(when)s: %(share)s fewer requests than before.", when=when, share=share)


def _when(period: Period) -> Any:
    today = clock.today()
    if period.first == period.last == today:
        return _("Today so far")
    if period.days == 1 and (today - period.last).days == 1:
        return _("Yesterday")
    if (today - period.last).days == 1:
        return ngettext(
            "The last %(num)d whole day", "The last %(num)d whole days", period.days
        )
    return words.days(period)


def _missing(source: Source, period: Period, now: Totals, before: Totals) -> Any:
    if (
        not before.requests
        or now.not_found < SOME
        or now.not_found < before.not_found * DOUBLED
    ):
        return ""
    top = source.top(Dimension.MISSING, period, limit=1)
    path = top[0].value.partition("\t")[0] if top else ""
    if before.not_found and now.not_found < before.not_found * (DOUBLED + 1):
        return _("Pages not found doubled, most often %(path)s.", path=path)
    return _(
        "Pages not found rose from %(before)s to %(now)s, most often %(path)s.",
        before=words.number(before.not_found),
        now=words.number(now.not_found),
        path=path,
    )


def _faults(now: Totals, before: Totals) -> Any:
    if (
        not before.requests
        or now.server_errors < SOME
        or now.server_errors < before.server_errors * DOUBLED
    ):
        return ""
    return _(
        "Faults on our side rose from %(before)s to %(now)s.",
        before=words.number(before.server_errors),
        now=words.number(now.server_errors),
    )


def _robots(now: Totals, before: Totals) -> Any:
    if not now.requests or not before.requests:
        return ""
    share, earlier = now.robots / now.requests, before.robots / before.requests
    if abs(share - earlier) < 0.1:  # noqa: PLR2004 - ten points in a hundred
        return ""
    return _(
        "Robots made %(now)s of all requests, %(before)s before.",
        now=words.percent(share),
        before=words.percent(earlier),
    )
