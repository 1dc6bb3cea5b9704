"""The security events of the account, for its owner (V16.2.1)."""

from flask import make_response, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from neupusti.accounts.service.events import LABELS
from neupusti.accounts.views.blueprint import bp
from neupusti.core.records.journal import SecurityEvent
from neupusti.core.security import identity
from neupusti.core.web import pagination

SIZE = 25


@bp.get("/account/activity")
def activity() -> Response:
    """Show the events with time and device, the newest first; no IP addresses."""
    query = (
        select(SecurityEvent)
        .filter_by(person=identity.me().person)
        .order_by(SecurityEvent.id.desc())
    )
    page = render_template(
        "accounts/activity.html",
        listing=pagination.paginate(
            query, pagination.number(request.args.get("page")), size=SIZE
        ),
        labels={event.value: label for event, label in LABELS.items()},
        address=lambda number: url_for("accounts.activity", page=number),
    )
    return make_response(page)
