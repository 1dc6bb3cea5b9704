"""The blueprint of orders."""

from flask import Blueprint

bp = Blueprint("orders", __name__, cli_group="orders")
