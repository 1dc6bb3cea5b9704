"""The blueprint of the site, and what its views share."""

from flask import Blueprint

from neupusti.config.values import ROOT

bp = Blueprint("site", __name__, cli_group="site")
MIGRATIONS = ROOT / "migrations"
