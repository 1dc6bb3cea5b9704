"""The search page."""

from flask import abort, render_template, request, url_for

from neupusti.catalog.service.search import query
from neupusti.catalog.views.blueprint import bp
from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.web import pagination


@bp.get("/search")
def search() -> str:
    """Show the products for `q`; `exact=1`: without replacing a word. Nothing is cached."""
    typed = " ".join(request.args.get("q", "").split())
    exact = request.args.get("exact") == "1"
    page = pagination.number(request.args.get("page"))
    found = query.find(db.session(), typed, page=page, exact=exact)
    if page > 1 and not found.hits:
        abort(404)
    kept = {"exact": "1"} if exact else {}
    q = typed[: query.MAX_CHARACTERS]
    return render_template(
        "catalog/search.html",
        q=q,
        found=found,
        page=page,
        exact=exact,
        today=clock.today(),
        address=lambda number: url_for("catalog.search", q=q, page=number, **kept),
    )
