"""The cookies page and the visitor's own receipt."""

import json
import re

from flask import Response, jsonify, render_template, request, url_for
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from neupusti.config.settings import settings
from neupusti.consent.models import ConsentEvent, ConsentRecord
from neupusti.consent.service import receipt, records, wordings
from neupusti.consent.views.extension import bp
from neupusti.core.web import choice, redirects
from neupusti.core.web.route import language_neutral

GPC_SINCE = "2026-11-01"
"""`lastUpdate` of gpc.json: the date since which this site honours the signal."""
REASONS = {
    "changed": _(
        "The texts about cookies changed while the page was open. "
        "Please look at them once more: nothing was saved."
    ),
    "theme": _(
        "To keep the look you chose, the site needs the cookie of the category "
        "“Preferences”. Without it the look follows your system."
    ),
}
"""`?why=` -> message for a visitor redirected here by another form."""


@bp.get("/cookies/")
def show() -> str:
    """Show the declared cookies and the visitor's choice, with a form to change it."""
    return render_template(
        "consent/show.html",
        why=REASONS.get(request.args.get("why", "")),
        back=redirects.own(request.args.get("next"), url_for("consent.show")),
    )


@bp.get("/cookies/receipt/")
def show_receipt() -> str:
    """Show the record of the visitor's own choice and the wording they answered."""
    chosen = choice.current()
    record = records.find(chosen.record) if chosen.record else None
    version = wordings.version(record.wording) if record else None
    return render_template(
        "consent/receipt.html",
        record=record,
        version=version,
        head=records.HEAD.line(),
        changed=_changed(record) if record else {},
        wording=_plain_text(version.text) if version else "",
    )


@bp.get("/cookies/receipt.json")
def receipt_json() -> Response:
    """Return the receipt as a JSON file (ISO/IEC TS 27560)."""
    chosen = choice.current()
    record = records.find(chosen.record) if chosen.record else None
    if record is None:
        raise NotFound
    content = receipt.build(
        record,
        operator=settings().operator,
        base_url=settings().base_url.rstrip("/"),
    )
    response = Response(
        json.dumps(content, ensure_ascii=False, indent=2), mimetype="application/json"
    )
    response.headers["Content-Disposition"] = (
        f'attachment; filename="consent-{record.public_id}.json"'
    )
    return response


@bp.get("/.well-known/gpc.json")
@language_neutral
def gpc() -> Response:
    """Declare support for Global Privacy Control."""
    return jsonify(gpc=True, lastUpdate=GPC_SINCE)


def _changed(record: ConsentRecord) -> dict[ConsentEvent, list[str]]:
    """Return event -> the categories that had it with `record`."""
    changed: dict[ConsentEvent, list[str]] = {}
    for category, event in records.events(record).items():
        changed.setdefault(event, []).append(category)
    return changed


def _plain_text(wording: str) -> str:
    """Return a wording without its markup, one line for each block element."""
    parts = re.split(r"</(?:p|h2|tr|button|label)>", wording)
    lines = (Markup(part).striptags() for part in parts)  # noqa: S704 - ours, and stripped
    return "\n".join(line for line in lines if line)
