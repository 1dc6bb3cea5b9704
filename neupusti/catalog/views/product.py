"""The page of one product."""

from babel import Locale
from babel.units import format_unit
from flask import redirect, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from neupusti.catalog.queries import products
from neupusti.catalog.queries.products import Shown
from neupusti.catalog.service import return_rules
from neupusti.catalog.views import recent
from neupusti.catalog.views.blueprint import bp
from neupusti.catalog.views.listing import SLUG
from neupusti.core import clock
from neupusti.core.text import languages
from neupusti.core.text.languages import Language
from neupusti.core.web import page_cache

KILOGRAM = 1000
MOST = 99
"""The largest quantity of a product in a basket."""


@bp.get("/product/<slug>")
def product(slug: str) -> Response:
    """Show a product; lead from a former address to the present one."""
    lower = slug.lower()
    if not SLUG.fullmatch(lower):
        raise NotFound
    today, language = clock.today(), languages.current()
    shown = products.find(lower, today, language)
    if shown is None or lower != slug:
        present = shown.slug if shown else products.present_slug(lower)
        if present is None:
            raise NotFound
        return redirect(url_for("catalog.product", slug=present), 301)
    response = _page(shown, recent.cards(today, language, but=shown.id), language)
    recent.remember(response, shown.id)
    return response


def country(code: str, language: Language) -> str:
    """Return the name of the country `code`, or the code where it has none."""
    return str(Locale.parse(language.locale).territories.get(code, code))


@bp.app_template_filter()
def weight(grams: int) -> str:
    """Return a weight in words of the reader: «450 г», «5,2 кг»."""
    heavy = grams >= KILOGRAM
    unit = "mass-kilogram" if heavy else "mass-gram"
    text = format_unit(
        grams / KILOGRAM if heavy else grams,
        unit,
        length="short",
        format="#,##0.##",
        locale=languages.current().locale,
    )
    return text.replace(" ", "\xa0")


def _page(shown: Shown, seen: tuple[object, ...], language: Language) -> Response:
    def render() -> str:
        return render_template(
            "catalog/product.html",
            product=shown,
            recent=seen,
            country=country(shown.origin, language),
            return_words=return_rules.words(shown.return_rule),
            return_days=return_rules.DAYS,
            most=min(shown.stock, MOST),
        )

    if seen:
        return Response(render(), mimetype=page_cache.HTML)
    return page_cache.public("catalog.product", shown, render=render)
