"""Show technical problems (3.3.2): errors, missing pages, slow routes, scanners."""

from flask import render_template
from flask_babel import lazy_gettext as _

from neupusti.access.models import moment
from neupusti.access.views.blueprint import engine
from neupusti.statistics.queries import errors as error_queries
from neupusti.statistics.queries import scenarios
from neupusti.statistics.queries.addresses import busiest
from neupusti.statistics.queries.figures import ListPart
from neupusti.statistics.queries.filters import Dimension
from neupusti.statistics.queries.rollups import Rollups
from neupusti.statistics.queries.scenarios import ScenarioKind
from neupusti.statistics.views import charts, context, state
from neupusti.statistics.views.blueprint import bp

ROWS, FINDINGS = 20, 50
SCENARIO_LABELS = {
    ScenarioKind.PROBING: _("Looks for pages that do not exist"),
    ScenarioKind.BRUTE_FORCE: _("Tries passwords"),
    ScenarioKind.SENSITIVE: _("Asks for files that are not public"),
    ScenarioKind.TRAVERSAL: _("Tries to leave the site's folder"),
    ScenarioKind.CRAWL: _("Reads more pages than a person can"),
}


@bp.get("/problems/")
def problems() -> str:
    """Show the problems of a period."""
    view = state.current()
    period = view.period
    with engine().connect() as connection:
        source = Rollups(connection)
        points = source.series(period)
        suspects, since = error_queries.suspect_requests(connection, period)
        found = scenarios.findings(suspects)
        return render_template(
            "statistics/problems.html",
            **context.page_values(view),
            points=points,
            chart=charts.draw(points, period.unit, charts.ERRORS),
            axis=charts.time_axis(points, period.unit),
            totals=source.totals(period),
            server_error_counts=error_queries.server_error_counts(connection, period, ROWS),
            server_errors=error_queries.server_errors(connection, period, ROWS),
            missing=source.top(Dimension.MISSING, period, ListPart(ROWS)),
            slow=error_queries.slowest_routes(connection, period, ROWS),
            error_addresses=busiest(connection, period, ROWS, order="errors"),
            findings=found[:FINDINGS],
            found_count=len(found),
            searched_since=since,
            scenario_labels=SCENARIO_LABELS,
            moment=moment,
        )
