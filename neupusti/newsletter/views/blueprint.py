"""The blueprint of the newsletter, and helpers of its views."""

from flask import Blueprint, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.accounts.views.blueprint import without_referrer
from neupusti.core.security.tokens import TokenError
from neupusti.core.web import errors
from neupusti.newsletter.models import Topic

bp = Blueprint("newsletter", __name__, cli_group="newsletter")


def back(endpoint: str, **values: object) -> Response:
    """Redirect with 303 to a page of the newsletter after a successful action."""
    return redirect(url_for(f"newsletter.{endpoint}", **values), 303)  # type: ignore[arg-type]


def chosen_topics() -> frozenset[Topic]:
    """Return the ticked topics; without any, all of them."""
    ticked = set(request.form.getlist("topic"))
    return frozenset(topic for topic in Topic if topic in ticked) or frozenset(Topic)


@bp.errorhandler(TokenError)
def _token_error(_error: TokenError) -> Response:
    """Answer 404 for any invalid link, without the reason."""
    text = _(
        "This link no longer works: it was used, or its time is over. You can ask "
        "for a new one."
    )
    return without_referrer(errors.page(404, text))
