"""Machine-readable pages: health, robots, sitemap, security.txt."""

from flask import Response, jsonify, render_template, request, url_for

from neupusti.config.settings import settings
from neupusti.core.registry import registry
from neupusti.core.text.languages import alternates
from neupusti.site.service import machine as service
from neupusti.site.views.blueprint import MIGRATIONS, bp


@bp.get("/healthz")
def healthz() -> Response:
    """Return 200 if the process responds."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Return 200 if both databases are reachable and migrated, else 503."""
    states = service.readiness(MIGRATIONS)
    return jsonify(states), 200 if set(states.values()) == {"ok"} else 503


@bp.get("/robots.txt")
def robots() -> Response:
    """Return the rules for crawlers and the address of the sitemap."""
    return Response(render_template("site/robots.txt"), mimetype="text/plain")


@bp.get("/sitemap.xml")
def sitemap() -> Response:
    """List every public page in every language."""
    own = len(request.script_root)
    paths = [url_for(end, **values)[own:] for end, values in registry().addresses()]
    body = render_template("site/sitemap.xml", pages=[alternates(path) for path in paths])
    return Response(body, mimetype="application/xml")


@bp.get("/.well-known/security.txt")
def security_txt() -> Response:
    """Return where to report a vulnerability (RFC 9116)."""
    base, email = settings().base_url.rstrip("/"), settings().operator.mailto
    return Response(service.security_txt(base, email), mimetype="text/plain")
