"""Machine pages (health, robots, sitemap, security.txt), and the commands of the site."""

import os
import sys

import click
import flask_migrate
from flask import Blueprint, Response, jsonify, render_template, request, url_for

from neupusti.config import ROOT, settings
from neupusti.core.languages import alternates
from neupusti.core.registry import registry
from neupusti.site import service

bp = Blueprint("site", __name__, cli_group="site")
MIGRATIONS = ROOT / "migrations"
THREADS = 64
"""Of each worker: what a hundred slow senders may hold without stopping the others."""


@bp.get("/healthz")
def healthz() -> Response:
    """Say that the process answers."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Say whether both databases answer and are migrated."""
    states = service.readiness(MIGRATIONS)
    return jsonify(states), 200 if set(states.values()) == {"ok"} else 503


@bp.get("/robots.txt")
def robots() -> Response:
    """Tell crawlers where the sitemap is and what is not for them."""
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
    """Say where to report a weakness (RFC 9116)."""
    base, email = settings().base_url.rstrip("/"), settings().operator_email
    return Response(service.security_txt(base, email), mimetype="text/plain")


@bp.cli.command("setup")
def setup() -> None:
    """Migrate both databases and bring in what the tree ships; safe to repeat."""
    settings().instance.mkdir(parents=True, exist_ok=True)
    flask_migrate.upgrade()
    for line in service.seed(registry()):
        click.echo(line)


@bp.cli.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=2, show_default=True)
@click.pass_context
def serve(context: click.Context, host: str, port: int, workers: int) -> None:
    """Set the site up, then serve it until SIGINT or SIGTERM."""
    context.invoke(setup)
    address = f"http://{host}:{port}"
    os.environ.setdefault("NEUPUSTI_BASE_URL", address)
    click.echo(f"Neupusti: {address}/   (stop: Ctrl+C)")
    sys.stdout.flush()
    os.chdir(ROOT)
    os.execv(  # noqa: S606 - the server takes this process over, and with it the signals
        sys.executable,
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi"),
            *("--host", host, "--port", str(port), "--workers", str(workers)),
            *("--blocking-threads", str(THREADS), "--log-level", "warning"),
            *(
                "--http1-header-read-timeout",
                "15000",
                "--no-ws",
                "--respawn-failed-workers",
            ),
            "wsgi:app",
        ],
    )
