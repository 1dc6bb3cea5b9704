"""The home page."""

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from neupusti.catalog import service
from neupusti.core import clock
from neupusti.core.web import page_cache

bp = Blueprint("catalog", __name__)


@bp.get("/")
def home() -> Response:
    """Show the shop front: the deals that can be had first, then the rest."""
    today = clock.today()
    goods = service.showcase()
    deals = [good for good in goods if good.old_price and good.stock]
    return page_cache.public(
        *("catalog.home", today),
        render=lambda: render_template(
            "catalog/home.html",
            today=today,
            deals=deals,
            others=[good for good in goods if good not in deals],
        ),
    )
