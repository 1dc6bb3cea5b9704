"""`flask site …`: set the site up and serve it."""

import gc
import os
import socket
from tempfile import TemporaryFile

import click
import flask_migrate

from neupusti.config.checks import PREFIX
from neupusti.config.settings import ADDRESS, Settings, settings
from neupusti.core import clock
from neupusti.core.data import files, postgresql, samples, secretfile
from neupusti.core.data.database import db, make_private
from neupusti.core.registry import registry
from neupusti.site.service import machine as service
from neupusti.site.views.activation import inherited_listener
from neupusti.site.views.blueprint import MIGRATIONS, bp
from neupusti.site.views.server import server

APP = "neupusti.app:create_worker"
"""An import path, because each worker creates its own app."""


@bp.cli.command("setup")
def setup() -> None:
    """Migrate both databases and import the shipped data; safe to repeat."""
    _prepare_folder(settings())
    make_private()
    states = service.readiness(MIGRATIONS)
    if down := [name for name, state in states.items() if state == "unreachable"]:
        raise click.ClickException(
            f"The database «{down[0]}» does not answer: check its URL and its server."
        )
    if held := [name for name, state in states.items() if state == "read only"]:
        raise click.ClickException(
            f"The database «{held[0]}» takes no writes: its server is a standby, or the "
            "role may only read."
        )
    with postgresql.alone(db.engine):
        # Another copy of the site may have done it meanwhile.
        if "not migrated" in service.readiness(MIGRATIONS).values():
            flask_migrate.upgrade()
        postgresql.retried(lambda: service.guard(MIGRATIONS, registry().guarded))
        samples.forget()
        if adopted := files.adopt():
            click.echo(f"Files brought into the database: {adopted}.")
        for line in service.seed(registry()):
            click.echo(line)


@bp.cli.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=2, show_default=True)
@click.pass_context
def serve(context: click.Context, host: str, port: int, workers: int) -> None:
    """Set the site up, then serve it until SIGINT or SIGTERM.

    A socket that systemd hands over takes the place of --host and --port.
    """
    if (listener := inherited_listener()) is None:
        _ensure_free(host, port)
    else:
        host, port = listener.getsockname()[:2]
    context.invoke(setup)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if not settings().production:
        # For this start, and for the links of every command until the next.
        own = os.environ.get(f"{PREFIX}BASE_URL") or address
        (settings().instance / ADDRESS).write_text(f"{own}\n")
    click.echo(f"Neupusti: {address}/   (stop: Ctrl+C)")
    # The workers are forks of this process: they share its modules, as long as the
    # garbage collector does not touch them, but none of its connections.
    for engine in db.engines.values():
        engine.dispose()
    gc.collect()
    gc.freeze()
    server(APP, host=host, port=port, workers=workers, listener=listener).serve()


@bp.cli.command("check")
def check() -> None:
    """Fail from a month before security.txt expires, so that it is reviewed."""
    if service.security_txt_needs_review(clock.today()):
        raise click.ClickException(
            f"security.txt expires on {service.SECURITY_TXT_EXPIRES}. Review it, "
            "then move SECURITY_TXT_EXPIRES to a day less than a year from now."
        )


def _ensure_free(host: str, port: int) -> None:
    """Raise ClickException if another program has the port.

    The workers share it by SO_REUSEPORT, so a second site would join them silently.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise click.ClickException(
            f"Port {port} of {host} cannot be opened: {os.strerror(error.errno or 0)}. "
            f"Another port: PORT={port + 1} make run."
        ) from None


def _prepare_folder(own: Settings) -> None:
    """Make the data folder, for its owner only; keep the secret of a local site there."""
    folder = own.instance
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        TemporaryFile(dir=folder).close()
        made_up = not own.production and f"{PREFIX}SECRET_KEY" not in os.environ
        kept = not made_up or secretfile.keep(folder, own.secret_key)
    except OSError as error:
        raise click.ClickException(
            f"The data folder «{folder}» cannot be written to: {error.strerror}. "
            f"Another folder: {PREFIX}INSTANCE."
        ) from None
    if not kept:
        raise click.ClickException(f"Another process is setting up «{folder}»: try again.")
