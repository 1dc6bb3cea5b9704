"""The manifest of the consent room."""

from flask_babel import lazy_gettext as _

from neupusti.consent.service.gate import CONSENT
from neupusti.consent.views import admin, choosing, cli, pages
from neupusti.consent.views.room import bp
from neupusti.core.feature import Feature, MenuItem, Page, Place

VIEWS = (pages, choosing, admin, cli)
"""Importing a module of views is what puts its routes and commands on the blueprint."""

FEATURE = Feature(
    name="consent",
    clauses=("1.1.7",),
    blueprint=bp,
    cookies=(CONSENT,),
    admin_menu=(MenuItem(endpoint="consent.statistics", label=_("Choices about cookies")),),
    pages=(
        Page(endpoint="consent.show", label=_("Cookies"), places=frozenset({Place.FOOTER})),
    ),
)
