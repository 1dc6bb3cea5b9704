"""The manifest of the site's own pages."""

from neupusti.core.feature import Feature
from neupusti.site.views import cli, machine
from neupusti.site.views.blueprint import bp

VIEWS = (machine, cli)
"""Importing a module of views is what puts its routes and commands on the blueprint."""

FEATURE = Feature(name="site", clauses=("preamble", "1.1.5", "1.1.8"), blueprint=bp)
