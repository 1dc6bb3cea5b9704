"""What anybody may ask: the state of a request by its code, and whose an archive is."""

from typing import Any

from flask import redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.accounts.views.blueprint import network
from neupusti.core.forms.base import shown
from neupusti.core.web import uploads
from neupusti.rights import queries
from neupusti.rights.forms import StatusForm, VerifyForm
from neupusti.rights.service import deciding, recognising, requests, words
from neupusti.rights.service.errors import NoRequestError
from neupusti.rights.service.manifest import LARGEST
from neupusti.rights.views.blueprint import bp


@bp.url_value_preprocessor
def _allow_upload(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Raise the size limits of this form before the request is parsed."""
    if endpoint == "rights.recognise":
        uploads.allow(LARGEST)


@bp.get("/rights/<number>")
def status(number: str) -> Response:
    """Ask for the code; the page is the same for every number."""
    written = requests.number_in(number)
    if not written:
        raise NoRequestError
    if written != number:
        return redirect(url_for("rights.status", number=written), 301)
    return shown("rights/code.html", StatusForm(formdata=None), number=number)


@bp.post("/rights/<number>")
def open_status(number: str) -> Response:
    """Show a request to whoever knows its number and its code; nothing is changed."""
    form = StatusForm()
    if not form.validate():
        return shown("rights/code.html", form, number=number)
    try:
        found = requests.by_code(number, form.code.data, network())
    except NoRequestError as error:
        form.refuse("code", str(error.message))
        return shown("rights/code.html", form, number=number)
    page = render_template(
        "rights/request.html",
        request_=found,
        due=queries.due(found),
        steps=queries.steps(found.id),
        decided=deciding.told(found.id),
        words=words,
        here=None,
    )
    return Response(page, mimetype="text/html")


@bp.get("/rights/verify")
def verify() -> Response:
    """Show the form for the hash of an archive."""
    return shown("rights/verify.html", VerifyForm(formdata=None), asked=False)


@bp.post("/rights/verify")
def recognise() -> Response:
    """Say whether this site has made an archive, and nothing else."""
    form = VerifyForm()
    if form.validate() and not (form.sha256.data or form.manifest.data):
        form.refuse("manifest", _("Choose the file, or write the SHA-256."))
    if form.errors:
        return shown("rights/verify.html", form, asked=False)
    text = form.manifest.data.read(LARGEST + 1) if form.manifest.data else b""
    found = recognising.recognise(text.decode(errors="replace"), form.sha256.data)
    at = recognising.made_at(found) if found else None
    return shown("rights/verify.html", form, asked=True, found=found, at=at)
