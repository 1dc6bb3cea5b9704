"""Technical problems (3.3.2): faults, missing pages, slow routes, scanners and storms."""

from flask import render_template
from flask_babel import lazy_gettext as _

from neupusti.access.models import moment
from neupusti.access.views.blueprint import engine
from neupusti.statistics.queries import errors as asked_for
from neupusti.statistics.queries import scenarios
from neupusti.statistics.queries.addresses import busiest
from neupusti.statistics.queries.filters import Dimension
from neupusti.statistics.queries.rollups import Rollups
from neupusti.statistics.queries.scenarios import ScenarioKind
from neupusti.statistics.views import charts, context, state
from neupusti.statistics.views.blueprint import bp

ROWS, FINDINGS = 20, 50
KINDS = {
    ScenarioKind.PROBING: _("Looks for pages that are not there"),
    ScenarioKind.BRUTE_FORCE: _("Tries passwords"),
    ScenarioKind.SENSITIVE: _("Asks for files that are nobody's business"),
    ScenarioKind.TRAVERSAL: _("Tries to leave the site's folder"),
    ScenarioKind.CRAWL: _("Reads more pages than a person can"),
}


@bp.get("/problems/")
def problems() -> str:
    """Show what went wrong in a period, each list with what helps to mend it."""
    asked = state.current()
    period = asked.period
    with engine().connect() as connection:
        source = Rollups(connection)
        points = source.series(period)
        told, since = asked_for.telling(connection, period)
        found = scenarios.findings(told)
        return render_template(
            "statistics/problems.html",
            **context.values(asked),
            points=points,
            chart=charts.errors(points, period.unit),
            totals=source.totals(period),
            fault_counts=asked_for.fault_counts(connection, period, ROWS),
            faults=asked_for.faults(connection, period, ROWS),
            missing=source.top(Dimension.MISSING, period, limit=ROWS),
            slow=asked_for.slowest(connection, period, ROWS),
            troubled=busiest(connection, period, ROWS, order="errors"),
            findings=found[:FINDINGS],
            found=len(found),
            looked_since=since,
            kinds=KINDS,
            moment=moment,
        )
