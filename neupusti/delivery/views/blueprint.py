"""The blueprint of the hand-over."""

from flask import Blueprint
from werkzeug.wrappers import Response

bp = Blueprint("delivery", __name__, cli_group="delivery")


def private(page: Response) -> Response:
    """Keep a page with personal data or a token out of caches, searches and referrers."""
    page.headers["Cache-Control"] = "no-store"
    page.headers["X-Robots-Tag"] = "noindex"
    page.headers["Referrer-Policy"] = "no-referrer"
    return page
