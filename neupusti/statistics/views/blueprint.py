"""The blueprint of the statistics pages."""

from flask import Blueprint

bp = Blueprint("statistics", __name__, url_prefix="/admin/access")
"""Its commands, `flask access report` and `live`, are on the blueprint of the log."""
