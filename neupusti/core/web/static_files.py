"""Static files under content hashes: read once, compressed once, cached for a year."""

import gzip
import re
from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha384
from pathlib import Path
from typing import cast

import brotli
from flask import Blueprint, Flask, Response, abort, current_app, request, url_for
from markupsafe import Markup

from neupusti.core.web.route import static_file

MIMETYPES = {
    "css": "text/css",
    "ico": "image/vnd.microsoft.icon",
    "js": "text/javascript",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff2": "font/woff2",
}
"""Own table: Python 3.11 and 3.12 disagree about scripts."""
COMPRESSIBLE = frozenset({"text/css", "text/javascript", "image/svg+xml", "text/plain"})
YEAR_SECONDS = 31_536_000
CODINGS = ("br", "gzip")
"""Content codings we send, in order of preference."""
WEIGHT = re.compile(r"[ \t]*(?:q=([01](?:\.\d{0,3})?))?[ \t]*", re.ASCII)
ACCEPT_LIMIT = 256
"""A longer Accept-Encoding is ignored; browsers send a sixth of this."""

bp = Blueprint("assets", __name__)


@dataclass(frozen=True)
class StaticFile:
    """One static file: its relative path and its bytes."""

    name: str
    body: bytes

    @cached_property
    def hashed_name(self) -> str:
        """The name with a part of the digest: `site.0f3a9c1d2b4e.css`."""
        stem, _, suffix = self.name.rpartition(".")
        return f"{stem}.{self.digest.hex()[:12]}.{suffix}"

    @cached_property
    def digest(self) -> bytes:
        """SHA-384 of the bytes, as for subresource integrity."""
        return sha384(self.body).digest()

    @property
    def integrity(self) -> str:
        """The value of an `integrity` attribute."""
        return f"sha384-{b64encode(self.digest).decode()}"

    @cached_property
    def mimetype(self) -> str:
        """The media type by the file's suffix."""
        suffix = self.name.rpartition(".")[2]
        return MIMETYPES.get(suffix, "application/octet-stream")

    @cached_property
    def encodings(self) -> dict[str, bytes]:
        """Content coding -> body, in order of preference; uncompressed is `identity`."""
        compressed = {}
        if self.mimetype in COMPRESSIBLE:
            compressed["br"] = brotli.compress(self.body, quality=11)
            compressed["gzip"] = gzip.compress(self.body, 9, mtime=0)
        return {**compressed, "identity": self.body}


class StaticFiles:
    """Every file of the static folder, by its name and by its hashed name."""

    def __init__(self, folder: Path) -> None:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        self.by_name = {
            name: StaticFile(name, path.read_bytes())
            for path in files
            for name in [path.relative_to(folder).as_posix()]
        }
        self.by_hashed_name = {asset.hashed_name: asset for asset in self.by_name.values()}

    def install(self, app: Flask) -> None:
        """Serve the files, and give templates `asset(name)` and `integrity(name)`."""
        app.extensions["neupusti.assets"] = self
        app.register_blueprint(bp)
        app.jinja_env.globals |= {"asset": address, "integrity": integrity}


def static_files() -> StaticFiles:
    """Return the static files of the current app."""
    return cast("StaticFiles", current_app.extensions["neupusti.assets"])


def address(name: str) -> str:
    """Return the address of the static file `name`: the same in every language."""
    prefix = len(request.script_root)
    return url_for("assets.serve", name=static_files().by_name[name].hashed_name)[prefix:]


def integrity(name: str) -> Markup:
    """Return the integrity value of the static file `name` (base64 needs no escaping)."""
    return Markup(static_files().by_name[name].integrity)  # noqa: S704 - base64 of a digest


@bp.get("/static/<path:name>")
@static_file
def serve(name: str) -> Response:
    """Send a file by its hashed name, in the preferred coding the browser accepts."""
    asset = static_files().by_hashed_name.get(name)
    if asset is None:
        abort(404)
    response = negotiated(asset.encodings, asset.mimetype)
    response.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    # Weak, because the codings of one file share it.
    response.set_etag(asset.digest.hex()[:32], weak=True)
    response.make_conditional(request)
    return response


def negotiated(encodings: dict[str, bytes], mimetype: str) -> Response:
    """Respond with the first of `encodings` that the request accepts."""
    acceptable = accepted(request.environ.get("HTTP_ACCEPT_ENCODING", ""))
    coding = next((coding for coding in encodings if coding in acceptable), "identity")
    headers = [("Content-Encoding", coding)] if coding != "identity" else []
    if len(encodings) > 1:
        headers.append(("Vary", "Accept-Encoding"))
    return Response(encodings[coding], headers=headers, mimetype=mimetype)


def accepted(header: str) -> tuple[str, ...]:
    """Return which of CODINGS an Accept-Encoding header accepts (RFC 9110, 12.5.3).

    Not cached, since a client may spell the header in a new way for each request.
    """
    if len(header) > ACCEPT_LIMIT:
        return ()
    weights = {}
    for part in header.lower().split(","):
        name, _, weight = part.partition(";")
        if found := WEIGHT.fullmatch(weight):
            weights[name.strip(" \t")] = float(found[1] or 1)
    others = weights.get("*", 0)
    return tuple(coding for coding in CODINGS if weights.get(coding, others) > 0)
