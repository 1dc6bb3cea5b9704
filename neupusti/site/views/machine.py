"""Machine-readable pages: health, robots, sitemap, security.txt."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from flask import Response, current_app, jsonify, render_template, url_for
from werkzeug.exceptions import NotFound

from neupusti.config.settings import settings
from neupusti.core.background import ages
from neupusti.core.data.halting import is_halted
from neupusti.core.registry import registry
from neupusti.core.text.languages import alternates
from neupusti.core.web.gate import gate
from neupusti.core.web.route import language_neutral
from neupusti.site.service import machine as service
from neupusti.site.views.blueprint import MIGRATIONS, bp


@bp.get("/healthz")
@language_neutral
def healthz() -> Response:
    """Return 200 if the process responds."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
@language_neutral
def readyz() -> tuple[Response, int]:
    """Return 200 if both databases are reachable and migrated and the disk has room.

    And if no decision is missing, such as in a database that was restored, and the editions
    are not those of long ago. That sweeps are halted is noted, and when each job last ran:
    neither is a reason not to be ready.
    """
    states, notes = service.readiness(MIGRATIONS), dict[str, Any]()
    if states["main"] == "ok":
        if problem := gate().look():
            states["decisions"] = problem
        states |= service.copies(current_app.extensions[service.COPIES])
        with suppress(OSError):  # this machine cannot be named on a full disk
            notes["jobs"] = ages()
    states["disk"] = service.disk(service.written_folders(settings().instance))
    status = 200 if set(states.values()) == {"ok"} else 503
    if is_halted():
        notes["destroy"] = "halted"
    return jsonify({**states, **notes}), status


@bp.get("/robots.txt")
@language_neutral
def robots() -> Response:
    """Return the rules for crawlers and the address of the sitemap."""
    return Response(render_template("site/robots.txt"), mimetype="text/plain")


@bp.get("/sitemap.xml")
@language_neutral
def sitemap() -> Response:
    """List the files of the sitemap: the pages, and the goods by the thousand."""
    files = [url_for("site.sitemap_pages")]
    for name, found in registry().address_files.items():
        files += (
            url_for("site.sitemap_file", name=name, number=number)
            for number in found.numbers()
        )
    body = render_template("site/sitemap_index.xml", files=files)
    return Response(body, mimetype="application/xml")


@bp.get("/sitemap/pages.xml")
@language_neutral
def sitemap_pages() -> Response:
    """List every public page but those of the numbered files, in every language."""
    return _sitemap((*address, None) for address in registry().pages_for_sitemap())


@bp.get("/sitemap/<name>/<int(max=400000):number>.xml")
@language_neutral
def sitemap_file(name: str, number: int) -> Response:
    """List the pages of one numbered file, in every language."""
    files = registry().address_files.get(name)
    found = list(files.addresses(number)) if files else []
    if not found:
        raise NotFound
    return _sitemap(found)


def _sitemap(
    addresses: Iterable[tuple[str, dict[str, Any], datetime | None]],
) -> Response:
    pages = (
        (alternates(url_for(endpoint, **values)), changed_at)
        for endpoint, values, changed_at in addresses
    )
    body = render_template("site/sitemap.xml", pages=pages)
    return Response(body, mimetype="application/xml")


@bp.get("/.well-known/security.txt")
@language_neutral
def security_txt() -> Response:
    """Return where to report a vulnerability (RFC 9116)."""
    base, email = settings().base_url.rstrip("/"), settings().operator.mailto
    return Response(service.security_txt(base, email), mimetype="text/plain")
