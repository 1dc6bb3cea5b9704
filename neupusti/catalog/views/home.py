"""The home page."""

from flask import render_template
from werkzeug.wrappers import Response

from neupusti.catalog.service import showcase
from neupusti.catalog.views.blueprint import bp
from neupusti.core import clock
from neupusti.core.web import page_cache


@bp.get("/")
def home() -> Response:
    """Show the home page: available deals first, then the other products."""
    today = clock.today()
    products = showcase.showcase()
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
