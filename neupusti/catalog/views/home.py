"""The home page: deals in force first, then what is new, and the categories."""

from flask import render_template
from werkzeug.wrappers import Response

from neupusti.catalog.queries import cards
from neupusti.catalog.queries.categories import menu
from neupusti.catalog.views import recent
from neupusti.catalog.views.blueprint import bp
from neupusti.core import clock
from neupusti.core.text import languages
from neupusti.core.web import page_cache

DEALS, NEWEST = 8, 8
"""How many of each it shows."""


@bp.get("/")
def home() -> Response | str:
    """Show the home page."""
    today, language = clock.today(), languages.current()
    deals = cards.deals(today, language, DEALS)
    newest = cards.newest(today, language, DEALS + NEWEST)
    known = {card.id for card in deals}
    shown = {
        "deals": deals,
        "newest": tuple(card for card in newest if card.id not in known)[:NEWEST],
        "menu": menu(language),
    }
    if seen := recent.cards(today, language):
        return render_template("catalog/home.html", **shown, recent=seen)
    return page_cache.public(
        *("catalog.home", *shown.values()),
        render=lambda: render_template("catalog/home.html", **shown, recent=()),
    )
