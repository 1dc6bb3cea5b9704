"""The addresses of the photos of products, and the pictures templates show.

A photo is a drawing in `static/goods` (`<slug>.svg`) or files made from an upload, one
for each width (`catalog.photo`).
"""

from typing import Any, Protocol

from flask import Response, abort, request, url_for

from neupusti.catalog.service import photos, sheets
from neupusti.catalog.service.photos import WIDTHS
from neupusti.catalog.views.blueprint import bp
from neupusti.core.pictures import JPEG_MIMETYPE, WEBP_MIMETYPE
from neupusti.core.security import authorisation
from neupusti.core.web import static_files, uploads
from neupusti.core.web.route import static_file
from neupusti.core.web.static_files import YEAR_SECONDS

DRAWING = ".svg"
MIMETYPES = {"webp": WEBP_MIMETYPE, "jpg": JPEG_MIMETYPE}
HEADERS = {
    "Cache-Control": f"public, max-age={YEAR_SECONDS}, immutable",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}
UPLOADS = {
    "catalog.admin_add_photo": photos.LARGEST,
    "catalog.admin_plan": sheets.LARGEST,
}
"""The forms with a file, and its largest size in bytes."""


class Photo(Protocol):
    """What an address depends on: a row of `ProductPhoto`, or a copy of it."""

    @property
    def name(self) -> str:
        """The first 32 digits of the SHA-256, or the file name of a drawing."""

    @property
    def width(self) -> int:
        """The width of the original in pixels."""


@bp.app_template_global()
def photo_url(photo: Photo, width: int, kind: str = "webp") -> str:
    """Return the address of `photo` at `width`: the same in every language.

    The one JPEG, for mail and previews, is 640 pixels wide.
    """
    if photo.name.endswith(DRAWING):
        return static_files.address(f"goods/{photo.name}")
    address = url_for("catalog.photo", name=photo.name, width=width, suffix=kind)
    return address[len(request.script_root) :]


@bp.app_template_global()
def photo_srcset(photo: Photo) -> str:
    """Return the value of `srcset`; empty for a drawing, which fits every width."""
    if photo.name.endswith(DRAWING):
        return ""
    fitting = [width for width in WIDTHS if width <= photo.width] or WIDTHS[:1]
    return ", ".join(f"{photo_url(photo, width)} {width}w" for width in fitting)


@bp.get("/photos/<name>/<int:width>.<suffix>")
@static_file
def photo(name: str, width: int, suffix: str) -> Response:
    """Send one file of an uploaded photo; its address is that of these very bytes."""
    try:
        body = photos.body_of(name, width, suffix)
    except (FileNotFoundError, ValueError):
        abort(404)
    response = Response(body, mimetype=MIMETYPES[suffix], headers=HEADERS)
    response.set_etag(f"{name}-{width}")
    response.make_conditional(request)
    return response


@bp.url_value_preprocessor
def _allow_upload(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Raise the size limits of the forms with a file, for staff who may send them."""
    if endpoint in UPLOADS and authorisation.may_open(endpoint):
        uploads.allow(UPLOADS[endpoint])
