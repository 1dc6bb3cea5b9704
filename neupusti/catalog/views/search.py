"""The search page."""

from urllib.parse import urlencode

from flask import abort, render_template, request, url_for

from neupusti.catalog.service.search import query
from neupusti.catalog.service.search.reading import MAX_CHARACTERS
from neupusti.catalog.views.blueprint import bp
from neupusti.core import clock
from neupusti.core.text import languages
from neupusti.core.web import pagination


@bp.get("/search")
def search() -> str:
    """Show the products for `q`; `exact=1`: without replacing a word. Nothing is cached."""
    typed = " ".join(request.args.get("q", "").split())
    exact = request.args.get("exact") == "1"
    page = pagination.number(request.args.get("page"))
    language = languages.current()
    found = query.find(typed, clock.today(), language, page=page, exact=exact)
    if page > 1 and not found.cards:
        abort(404)
    kept = {"q": typed[:MAX_CHARACTERS]} | ({"exact": "1"} if exact else {})
    address = f"{url_for('catalog.search')}?{urlencode(kept)}"
    return render_template(
        "catalog/search.html",
        searched=kept["q"],
        kept_query=f"?{urlencode(kept)}" if typed else "",
        found=found,
        page=page,
        address=lambda number: f"{address}&page={number}" if number > 1 else address,
    )
