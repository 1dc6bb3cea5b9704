"""The manifest of the catalogue."""

from flask_babel import lazy_gettext as _

from neupusti.catalog.views import bp
from neupusti.core.feature import Feature, Page, Place

FEATURE = Feature(
    name="catalog",
    clauses=(),
    blueprint=bp,
    pages=(
        Page(endpoint="catalog.home", label=_("Deals"), places=frozenset({Place.HEADER})),
    ),
)
