"""The picture of the account: upload, show to its owner, remove (3.2.6)."""

from typing import Any

from flask import Response as FileResponse
from flask import abort, request
from werkzeug.wrappers import Response

from neupusti.accounts import forms
from neupusti.accounts.service import avatar as pictures
from neupusti.accounts.service.avatar import LARGEST
from neupusti.accounts.service.errors import AccountError
from neupusti.accounts.views import profile
from neupusti.accounts.views.blueprint import bp, redirect_to
from neupusti.core.pictures import WEBP_MIMETYPE
from neupusti.core.security import identity
from neupusti.core.web import uploads

HEADERS = {
    "Content-Disposition": 'attachment; filename="avatar.webp"',
    "Content-Security-Policy": "sandbox; default-src 'none'",
}


@bp.url_value_preprocessor
def _allow_upload(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Raise the size limits of this form before the request is parsed."""
    if endpoint == "accounts.change_avatar" and identity.current() is not None:
        uploads.allow(LARGEST)


@bp.get("/account/avatar/<name>")
def avatar(name: str) -> FileResponse:
    """Send the owner's picture; 404 for everybody else (V3.2.1)."""
    photo = pictures.get(identity.me().person)
    if photo is None or photo.name != name:
        abort(404)
    try:
        body = pictures.body_of(photo)
    except FileNotFoundError:
        abort(404)
    return FileResponse(body, mimetype=WEBP_MIMETYPE, headers=HEADERS)


@bp.post("/account/avatar")
def change_avatar() -> Response:
    """Save an uploaded picture, or destroy the current one."""
    person = identity.me().person
    if request.form.get("choice") == "remove":
        pictures.remove(person)
        return redirect_to("profile", done="picture-gone")
    form = forms.AvatarForm()
    if form.validate():
        upload = form.picture.data
        try:
            pictures.replace(person, upload.read(LARGEST + 1), upload.filename or "")
        except AccountError as error:
            form.refuse(error.field, str(error.message))
        else:
            return redirect_to("profile", done="picture")
    return profile.page(picture=form)
