"""The picture of the account: sent, shown to its owner, removed (3.2.6)."""

from typing import Any

from flask import Response as FileResponse
from flask import abort, request
from werkzeug.wrappers import Response

from neupusti.accounts import forms
from neupusti.accounts.service import avatar as pictures
from neupusti.accounts.service.errors import AccountError
from neupusti.accounts.service.pictures import LARGEST, MIMETYPE
from neupusti.accounts.views import profile
from neupusti.accounts.views.blueprint import bp, to
from neupusti.core.security import identity

AROUND = 64 * 1024
"""What a form may hold beside its file."""
IN_MEMORY = 2 * AROUND
"""The parser reads 64 KiB at once, and keeps the end of it: a boundary may begin there."""
HEADERS = {
    "Content-Disposition": 'attachment; filename="avatar.webp"',
    "Content-Security-Policy": "sandbox; default-src 'none'",
}


@bp.url_value_preprocessor
def _allow_a_file(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let this one form be larger than others, before anything reads it."""
    if endpoint == "accounts.change_avatar" and identity.current() is not None:
        request.max_content_length = LARGEST + AROUND
        request.max_form_memory_size = IN_MEMORY


@bp.get("/account/avatar/<name>")
def avatar(name: str) -> FileResponse:
    """Send the owner's picture; to everybody else it is not there (V3.2.1)."""
    photo = pictures.of(identity.me().person)
    if photo is None or photo.name != name:
        abort(404)
    try:
        body = pictures.file_of(photo).read_bytes()
    except FileNotFoundError:
        abort(404)
    return FileResponse(body, mimetype=MIMETYPE, headers=HEADERS)


@bp.post("/account/avatar")
def change_avatar() -> Response:
    """Take a picture, or destroy the one there is."""
    person = identity.me().person
    if request.form.get("choice") == "remove":
        pictures.remove(person)
        return to("profile", done="picture-gone")
    form = forms.AvatarForm()
    if form.validate():
        sent = form.picture.data
        try:
            pictures.take(person, sent.read(LARGEST + 1), sent.filename or "")
        except AccountError as fault:
            form.refuse(fault.field, str(fault.words))
        else:
            return to("profile", done="picture")
    return profile.page(picture=form)
