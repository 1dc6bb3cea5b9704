"""The manifest of the access log."""

from datetime import timedelta

from flask_babel import lazy_gettext as _

from neupusti.access.models import Record
from neupusti.access.views import cli
from neupusti.access.views.blueprint import bp
from neupusti.core.feature import Category, Cookie, Feature, Retention

VIEWS = (cli,)
"""Importing a module of views is what puts its routes and commands on the blueprint."""

VISITOR = Cookie(
    name="visitor",
    category=Category.STATISTICS,
    purpose=_("A random number that tells whether you have been here before."),
    lifetime=timedelta(days=390),
)

FEATURE = Feature(
    name="access",
    clauses=("3.3", "3.3.2"),
    blueprint=bp,
    cookies=(VISITOR,),
    retention=(Retention(model=Record, since=Record.at, days=90),),
)
