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
    exact = {"exact": "1"} if request.args.get("exact") == "1" else {}
    page = pagination.number(request.args.get("page"))
    language = languages.current()
    found = query.find(typed, clock.today(), language, page=page, exact=bool(exact))
    if page > 1 and not found.cards:
        abort(404)
    short = typed[:MAX_CHARACTERS]

    def address(number: int) -> str:
        further = {"page": str(number)} if number > 1 else {}
        return url_for("catalog.search", q=short, **exact, **further)

    return render_template(
        "catalog/search.html",
        searched=short,
        kept_query="?" + urlencode({"q": short, **exact}) if short else "",
        found=found,
        page=page,
        address=address,
    )
