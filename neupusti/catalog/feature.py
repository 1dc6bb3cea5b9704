"""The manifest of the catalog feature."""

from flask_babel import lazy_gettext as _

from neupusti.catalog.models import (
    Category,
    Product,
    ProductPhoto,
    ProductSlug,
    StockMovement,
    Word,
)
from neupusti.catalog.service import samples
from neupusti.catalog.views import (
    cli,
    home,
    listing,
    photos,
    product,
    recent,
    search,
    sitemap,
)
from neupusti.catalog.views.blueprint import bp
from neupusti.config.settings import settings
from neupusti.core.feature import (
    Feature,
    Holding,
    IndefiniteRetention,
    Page,
    Place,
)
from neupusti.core.rules import PUBLIC

VIEWS = (home, listing, product, recent, photos, search, cli)
"""Importing a view module registers its routes and commands on the blueprint."""


def seed() -> str:
    """Bring the sample goods into a local shop; a public one starts empty."""
    return "" if settings().production else samples.seed()


FEATURE = Feature(
    name="catalog",
    clauses=(),
    blueprint=bp,
    access={
        "catalog.category": PUBLIC,
        "catalog.forget_recent": PUBLIC,
        "catalog.home": PUBLIC,
        "catalog.photo": PUBLIC,
        "catalog.product": PUBLIC,
        "catalog.products": PUBLIC,
        "catalog.search": PUBLIC,
    },
    cookies=(recent.RECENT,),
    pages=(
        Page(endpoint="catalog.home", label=_("Deals")),
        Page(
            endpoint="catalog.products",
            label=_("Catalogue"),
            places=frozenset({Place.HEADER}),
            first=True,
        ),
    ),
    addresses=sitemap.addresses,
    address_files=sitemap.PRODUCTS,
    seed=seed,
    holdings=(Holding(model=StockMovement),),
    indefinite=(
        IndefiniteRetention(
            label=_("The goods themselves; nothing there is about people"),
            clause="5.1",
            until=_("as long as the shop sells them"),
            models=(Category, Product, ProductPhoto, ProductSlug, Word),
        ),
        IndefiniteRetention(
            label=_("How the stock of goods changed, and who on the staff changed it"),
            clause="5.1",
            until=_("as long as the books need it"),
            models=(StockMovement,),
        ),
    ),
)
