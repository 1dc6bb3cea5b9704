"""Tell findings in sentences: who, what, when, share of the errors, what got through."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import abort, render_template, request, url_for
from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _
from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from neupusti.access.calendar import day_of
from neupusti.access.ingest.findings.kinds import Kind, Scope, Severity
from neupusti.access.views.blueprint import engine
from neupusti.core.clock import ALMATY
from neupusti.core.web import pagination
from neupusti.statistics.queries import findings as finding_queries
from neupusti.statistics.queries.period import Period, presets
from neupusti.statistics.views import context, labels, state
from neupusti.statistics.views.blueprint import bp

LISTED, ROWS, NOTES = 50, 100, 3
UNANSWERED = frozenset({Kind.SENSITIVE, Kind.TRAVERSAL})
"""Kinds of which it is said if nothing got through."""


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding in a sentence of the reader's language, and the page that shows it."""

    sentence: LazyString
    day: date
    key: str
    severity: Severity

    @property
    def href(self) -> str:
        """The URL of its timeline."""
        return url_for("statistics.finding", day=self.day.isoformat(), key=self.key)


@bp.get("/findings/<day>/<key>/")
def finding(day: str, key: str) -> str:
    """Show one finding: its sentence, its addresses and its requests."""
    page = pagination.number(request.args.get("page"))
    with engine().connect() as connection:
        row = _finding_or_404(connection, day, key)
        errors = finding_queries.errors_by_day(connection, [row.day])
        addresses = finding_queries.addresses(connection, row)
        ips = [one.ip for one in addresses]
        rows = finding_queries.requests(
            connection, row, ips, (page - 1) * ROWS, ROWS + 1
        )  # fmt: skip
    return render_template(
        "statistics/finding.html",
        **context.page_values(state.current()),
        line=line(row, errors.get(row.day, 0)),
        finding=row,
        addresses=addresses[:LISTED],
        number=len(addresses),
        rows=rows[:ROWS],
        more=len(rows) > ROWS,
        page=page,
    )


def _finding_or_404(connection: Connection, day: str, key: str) -> Any:
    try:
        at = date.fromisoformat(day)
    except ValueError:
        abort(404)
    return finding_queries.one(connection, at, key) or abort(404)


def worst(period: Period, limit: int) -> list[FindingLine]:
    """Return the gravest findings of a period."""
    with engine().connect() as connection:
        found = finding_queries.found(connection, period, limit)
        errors = finding_queries.errors_by_day(connection, {row.day for row in found})
    return [line(row, errors.get(row.day, 0)) for row in found]


def count_breaches() -> int:
    """Return how many findings of the last 7 days need somebody to act."""
    try:
        with engine().connect() as connection:
            return finding_queries.count(connection, presets()["7d"], Severity.BREACH)
    except (OperationalError, InterfaceError):
        # A log that does not answer is open itself; the board does not fail with it.
        return 1


def worst_of_week() -> list[FindingLine]:
    """Return the gravest findings of the last 7 days; none of a log that is stopped."""
    try:
        return worst(presets()["7d"], NOTES)
    except (OperationalError, InterfaceError):
        return []


def line(row: Any, errors: int) -> FindingLine:
    """Return a finding as a line; `errors` is the number of errors of its day."""
    sentence = LazyString(_sentence, row, errors)
    return FindingLine(sentence, row.day, row.key, Severity(row.severity))


def who(row: Any) -> Any:
    """Return whom a finding is about; addresses are masked."""
    number = labels.number(row.addresses)
    match Scope(row.scope):
        case Scope.ADDRESS:
            return address(row)
        case Scope.NETWORK:
            return _("the network %(network)s (addresses: %(number)s)",
                     network=address(row), number=number)  # fmt: skip
        case Scope.BEHAVIOUR:
            return _("%(browser)s (addresses that behave alike: %(number)s)",
                     browser=row.browser, number=number)  # fmt: skip
    return _("addresses: %(number)s", number=number)


def address(row: Any) -> str:
    """Return the masked address of a finding with the pseudonym of its day."""
    return f"{row.network} · {row.pseudonym}" if row.pseudonym else str(row.network)


def when(first: datetime, last: datetime) -> str:
    """Return a range of time in Almaty, to the minute."""
    begin, end = (at.astimezone(ALMATY) for at in (first, last))
    if f"{begin:%d%H%M}" == f"{end:%d%H%M}":
        return f"{begin:%d.%m. %H:%M}"
    same = day_of(first) == day_of(last)
    return f"{begin:%d.%m. %H:%M} – {end:%H:%M}" if same else (
        f"{begin:%d.%m. %H:%M} – {end:%d.%m. %H:%M}"
    )  # fmt: skip


SENTENCES = {
    Kind.PROBING: lazy_gettext(
        "%(who)s looked for pages that do not exist (%(when)s, requests: %(requests)s)."
    ),
    Kind.BRUTE_FORCE: lazy_gettext(
        "%(who)s tried passwords (%(when)s, attempts: %(requests)s)."
    ),
    Kind.SENSITIVE: lazy_gettext(
        "%(who)s asked for files that are not public (%(when)s, requests: %(requests)s)."
    ),
    Kind.TRAVERSAL: lazy_gettext(
        "%(who)s tried to leave the site's folder (%(when)s, requests: %(requests)s)."
    ),
    Kind.CRAWL: lazy_gettext(
        "%(who)s read more pages than a person can (%(when)s, requests: %(requests)s)."
    ),
    Kind.EXPOSED: lazy_gettext(
        "The site gave out “%(path)s”, which is hardly meant for everybody (%(when)s, "
        "requests: %(requests)s, %(who)s)."
    ),
    Kind.STORM: lazy_gettext(
        "The site failed again and again (%(when)s, faults: %(requests)s, %(who)s), for "
        "example at “%(path)s”."
    ),
}


def _sentence(row: Any, errors: int) -> str:
    kind = Kind(row.kind)
    told = str(SENTENCES[kind]) % {
        "who": who(row),
        "when": when(row.first, row.last),
        "requests": labels.number(row.requests),
        "path": row.evidence.partition("\n")[0],
    }
    parts = [told[:1].upper() + told[1:]]
    if row.errors and errors:
        share = labels.percent(min(row.errors / errors, 1))
        parts.append(_("That is %(share)s of all errors of that day.", share=share))
    parts.append(_outcome(kind, row))
    return " ".join(part for part in parts if part)


def _outcome(kind: Kind, row: Any) -> Any:
    """Return what got through, or that nothing did."""
    if kind is Kind.BRUTE_FORCE and row.answered:
        return _("Attempts that succeeded: %(number)s.", number=labels.number(row.answered))
    if kind in UNANSWERED and row.answered:
        paths = ", ".join(row.exposed.splitlines())
        return _("What the site answered: %(paths)s.", paths=paths)
    return _("Nothing got through.") if kind in UNANSWERED else ""
