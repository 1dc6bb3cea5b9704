"""The choices, the table of declared cookies, and the visitor's own receipt."""

import json
import re

from flask import Response, jsonify, render_template, request, url_for
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from neupusti.config.settings import settings
from neupusti.consent.service import receipt, records
from neupusti.consent.views.extension import bp, extension
from neupusti.core.web import choice, redirects

GPC_SINCE = "2026-11-01"
"""Since when this site has honoured the signal, as its own resource must say."""
WHY = {
    "changed": _(
        "The texts about cookies changed while the page was open. "
        "Please look at them once more: nothing was saved."
    ),
    "theme": _(
        "To keep the look you chose, the site needs the cookie of the category "
        "“Preferences”. Without it the look follows your system."
    ),
}
"""What the page says to a visitor whom another form sent here."""


@bp.get("/cookies/")
def show() -> str:
    """Show what is declared and what this visitor allows, and take a new choice."""
    return render_template(
        "consent/show.html",
        room=extension(),
        why=WHY.get(request.args.get("why", "")),
        back=redirects.own(request.args.get("next"), url_for("consent.show")),
    )


@bp.get("/cookies/receipt/")
def show_receipt() -> str:
    """Show the visitor the record of their own choice, and the words they answered."""
    chosen = choice.current()
    record = records.find(chosen.record) if chosen.record else None
    return render_template(
        "consent/receipt.html",
        record=record,
        words=_readable(records.wording_of(record)) if record else "",
        room=extension(),
    )


@bp.get("/cookies/receipt.json")
def receipt_json() -> Response:
    """Give the same as a file, in the fields of ISO/IEC TS 27560."""
    chosen = choice.current()
    record = records.find(chosen.record) if chosen.record else None
    if record is None:
        raise NotFound
    held = receipt.of(
        record,
        words=records.wording_of(record),
        canonical=records.declared(record),
        operator=settings().operator,
        base_url=settings().base_url.rstrip("/"),
    )
    answer = Response(
        json.dumps(held, ensure_ascii=False, indent=2), mimetype="application/json"
    )
    answer.headers["Content-Disposition"] = (
        f'attachment; filename="consent-{record.public_id}.json"'
    )
    return answer


@bp.get("/.well-known/gpc.json")
def gpc() -> Response:
    """Say that the site honours Global Privacy Control."""
    return jsonify(gpc=True, lastUpdate=GPC_SINCE)


def _readable(wording: str) -> str:
    """Return the words of a wording without its markup, a line for each of its parts."""
    parts = re.split(r"</(?:p|h2|tr|button|label)>", wording)
    lines = (Markup(part).striptags() for part in parts)  # noqa: S704 - ours, and stripped
    return "\n".join(line for line in lines if line)
