"""The manifest of the catalog feature."""

from flask_babel import lazy_gettext as _

from neupusti.catalog.views import bp
from neupusti.core.feature import Feature, Page, Place
from neupusti.core.rules import PUBLIC

FEATURE = Feature(
    name="catalog",
    clauses=(),
    blueprint=bp,
    access={
        "catalog.home": PUBLIC,
    },
    pages=(
        Page(
            endpoint="catalog.home",
            label=_("Deals"),
            places=frozenset({Place.HEADER}),
            first=True,
        ),
    ),
)
