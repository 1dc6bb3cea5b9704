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
from neupusti.catalog.views import home, search, search_cli
from neupusti.catalog.views.blueprint import bp
from neupusti.core.feature import (
    Feature,
    Holding,
    IndefiniteRetention,
    Page,
    Place,
)
from neupusti.core.rules import PUBLIC

VIEWS = (home, search, search_cli)
"""Importing a view module registers its routes on the blueprint."""

FEATURE = Feature(
    name="catalog",
    clauses=(),
    blueprint=bp,
    access={
        "catalog.home": PUBLIC,
        "catalog.search": PUBLIC,
    },
    pages=(
        Page(
            endpoint="catalog.home",
            label=_("Deals"),
            places=frozenset({Place.HEADER}),
            first=True,
        ),
    ),
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
