"""The staff page of the proofs: exact counts, what stopped them, and the button."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from neupusti.core.proofs import results
from neupusti.core.proofs.shown import Shown
from neupusti.core.registry import registry
from neupusti.core.security import identity
from neupusti.proofs.service import proving
from neupusti.proofs.views.blueprint import bp


@bp.get("/admin/proofs/")
def board() -> str:
    """Show every proof with its exact counts."""
    standings = results.known().standings
    return render_template(
        "proofs/admin.html",
        shown=[Shown(one, standings.get(one.name)) for one in registry().proofs],
        known=results.known(),
        asked=request.args.get("done") == "asked",
    )


@bp.post("/admin/proofs/runs")
def ask() -> Response:
    """Ask for a run of every proof."""
    person = identity.current()
    if person is None:
        raise RuntimeError("a staff page was reached without signing in")
    proving.ask(person.person)
    return redirect(url_for("proofs.board", done="asked"), 303)
