"""The addresses of the photos of products, and the pictures templates show.

A photo is a drawing in `static/goods` (`<slug>.svg`) or files made from an upload, one
for each width (`catalog.photo`).
"""

from typing import Protocol

from flask import Response, request, url_for
from werkzeug.exceptions import NotFound

from neupusti.catalog.views.blueprint import bp
from neupusti.core.web import static_files

WIDTHS = (320, 640, 960, 1280)
"""Pixels; the files of an upload are WebP of these widths, none wider than itself."""
DRAWING = ".svg"


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
    address = url_for("catalog.photo", name=photo.name, width=width, kind=kind)
    return address[len(request.script_root) :]


@bp.app_template_global()
def photo_srcset(photo: Photo) -> str:
    """Return the value of `srcset`; empty for a drawing, which fits every width."""
    if photo.name.endswith(DRAWING):
        return ""
    fitting = [width for width in WIDTHS if width <= photo.width] or WIDTHS[:1]
    return ", ".join(f"{photo_url(photo, width)} {width}w" for width in fitting)


@bp.get("/photos/<name>/<int:width>.<any(webp, jpg):kind>")
def photo(name: str, width: int, kind: str) -> Response:
    """Send one file of an uploaded photo."""
    raise NotFound(f"{name} {width} {kind}")
