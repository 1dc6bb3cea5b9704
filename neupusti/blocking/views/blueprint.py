"""The blueprint of blocking."""

from flask import Blueprint
from werkzeug.wrappers import Response

bp = Blueprint("blocking", __name__, cli_group="blocks")


@bp.after_request
def _private(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex"
    return response
