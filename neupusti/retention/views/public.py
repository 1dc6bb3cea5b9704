"""The public page of retention periods."""

from flask import render_template

from neupusti.core.registry import registry
from neupusti.retention import queries
from neupusti.retention.service import sweeps
from neupusti.retention.views.blueprint import bp


@bp.get("/policy/retention/")
def terms() -> str:
    """Show the retention periods, from the same manifests as the sweep (5.6)."""
    manifests = registry()
    return render_template(
        "retention/terms.html",
        rules=manifests.retention,
        indefinite=manifests.indefinite,
        holds=manifests.holds,
        last=sweeps.last_run(),
        complete=queries.last_complete(),
    )
