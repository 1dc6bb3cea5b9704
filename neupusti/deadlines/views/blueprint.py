"""The blueprint of terms."""

from flask import Blueprint

bp = Blueprint("deadlines", __name__, cli_group="deadlines")
