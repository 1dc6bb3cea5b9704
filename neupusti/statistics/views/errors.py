"""Show technical problems (3.3.2): errors, missing pages, slow routes, scanners."""

from flask import render_template

from neupusti.access.views.blueprint import engine
from neupusti.statistics.queries import errors as error_queries
from neupusti.statistics.queries import findings as finding_queries
from neupusti.statistics.queries.addresses import busiest
from neupusti.statistics.queries.figures import ListPart
from neupusti.statistics.queries.filters import Dimension
from neupusti.statistics.queries.rollups import Rollups
from neupusti.statistics.views import charts, context, findings, state
from neupusti.statistics.views.blueprint import bp

MISSED = (Dimension.BROKEN, Dimension.ROBOT_404)
ROWS, SENTENCES, FINDINGS = 20, 5, 50


@bp.get("/problems/")
def problems() -> str:
    """Show the problems of a period."""
    view = state.current()
    period = view.period
    with engine().connect() as connection:
        source = Rollups(connection)
        points = source.series(period)
        [totals] = source.totals(period)
        missed = source.tops(period, dict.fromkeys(MISSED, ListPart(ROWS)))
        return render_template(
            "statistics/problems.html",
            **context.page_values(view),
            points=points,
            chart=charts.draw(points, period.unit, charts.ERRORS),
            axis=charts.time_axis(points, period.unit),
            totals=totals,
            fault_groups=error_queries.fault_groups(connection, period, ROWS),
            server_errors=error_queries.server_errors(connection, period, ROWS),
            broken=missed[Dimension.BROKEN],
            robot_404=missed[Dimension.ROBOT_404],
            slow=error_queries.slowest_routes(connection, period, ROWS),
            error_addresses=busiest(connection, period, ROWS, order="errors"),
            findings=findings.worst(period, FINDINGS),
            sentences=SENTENCES,
            found_count=finding_queries.count(connection, period),
        )
