"""The blueprint of erasures."""

from flask import Blueprint
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.accounts.views.blueprint import without_referrer
from neupusti.core.data.finding import Whose
from neupusti.core.security import identity
from neupusti.core.security.tokens import TokenError
from neupusti.core.web import errors
from neupusti.erasure.models import Erasure
from neupusti.erasure.service import asking

bp = Blueprint("erasure", __name__, cli_group="erasures")


@bp.app_template_global("pending_erasure")
def pending_erasure() -> Erasure | None:
    """Return the destruction that whoever is signed in can still undo, or None."""
    person = identity.current()
    return asking.pending(Whose(person=person.person)) if person else None


@bp.after_request
def _private(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@bp.errorhandler(TokenError)
def _token_error(_error: TokenError) -> Response:
    """Answer 404 for any invalid link, without the reason."""
    text = _("This link undoes nothing any more: its time is over, or it was used.")
    return without_referrer(errors.page(404, text))
