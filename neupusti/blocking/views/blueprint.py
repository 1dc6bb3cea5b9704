"""The blueprint of blocking."""

from flask import Blueprint
from werkzeug.wrappers import Response

from neupusti.core.blocking import blocks
from neupusti.core.blocking.models import DataBlock
from neupusti.core.data.database import db
from neupusti.core.data.finding import Whose
from neupusti.core.security import identity

bp = Blueprint("blocking", __name__, cli_group="blocks")


@bp.app_template_global("own_block")
def own_block() -> DataBlock | None:
    """Return the open block of everything about whoever is signed in, or None."""
    person = identity.current()
    return blocks.open_of(db.session(), Whose(person=person.person)) if person else None


@bp.after_request
def _private(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex"
    return response
