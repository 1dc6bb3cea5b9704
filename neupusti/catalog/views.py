"""The home page."""

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from neupusti.catalog import service
from neupusti.core import clock
from neupusti.core.web import page_cache

bp = Blueprint("catalog", __name__)


@bp.get("/")
def home() -> Response:
    """Show the home page: available deals first, then the other products."""
    today = clock.today()
    products = service.showcase()
    deals = [product for product in products if product.old_price and product.stock]
    return page_cache.public(
        *("catalog.home", today),
        render=lambda: render_template(
            "catalog/home.html",
            today=today,
            deals=deals,
            others=[product for product in products if product not in deals],
        ),
    )
