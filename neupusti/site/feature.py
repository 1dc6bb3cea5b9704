"""The manifest of the site feature."""

from flask_babel import lazy_gettext as _

from neupusti.core.feature import Category, Cookie, Feature
from neupusti.core.rules import PUBLIC
from neupusti.core.web.theme import THEME
from neupusti.site import proofs
from neupusti.site.views import cli, doctor, documents, machine, new_feature, theme
from neupusti.site.views.blueprint import bp

VIEWS = (machine, cli, theme, documents, new_feature, doctor)
"""Importing a views module registers its routes and commands on the blueprint."""

SESSION = Cookie(
    name="session",
    category=Category.NECESSARY,
    purpose=_("Holds together the steps of a form, a basket or a sign-in that you began."),
)

FEATURE = Feature(
    name="site",
    clauses=("preamble", "1.1.5"),
    blueprint=bp,
    proofs=proofs.ALL,
    access={
        "site.choose_theme": PUBLIC,
        "site.healthz": PUBLIC,
        "site.readyz": PUBLIC,
        "site.robots": PUBLIC,
        "site.security_txt": PUBLIC,
        "site.sitemap": PUBLIC,
        "site.sitemap_file": PUBLIC,
        "site.sitemap_pages": PUBLIC,
    },
    essential=frozenset({"site.healthz", "site.readyz"}),
    cookies=(SESSION, THEME),
    emails=(doctor.TRY,),
)
