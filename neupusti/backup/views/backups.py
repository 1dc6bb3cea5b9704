"""`flask backup …`: make, check and restore."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import flask_migrate

from neupusti.backup.service import making, replaying, restoring, trying
from neupusti.backup.service.errors import BackupError
from neupusti.backup.views.blueprint import backup as group
from neupusti.backup.views.decisions import FILE
from neupusti.config.settings import settings
from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.records import decisions, restore_mark

FOLDER = click.Path(file_okay=False, path_type=Path)


@group.command("make")
@click.option("--to", "folder", type=FOLDER, help="Where; else NEUPUSTI_BACKUPS.")
def make(folder: Path | None) -> None:
    """Make a backup while the site serves; remove those whose day has come."""
    own = settings()
    if folder is None and not own.backups:
        raise click.ClickException("Say where: --to FOLDER, or NEUPUSTI_BACKUPS.")
    with _told():
        made = making.make(own, folder or Path(own.backups))
    if not made.sealed:
        click.echo("Not encrypted: NEUPUSTI_BACKUP_KEY names no public key.")
    if made.removed:
        click.echo(f"{made.removed} older backups, past their day, were removed.")
    size = f"{made.bytes / 1024**2:.1f} MiB"
    click.echo(f"{made.path}: {size}, to be kept until {made.until}.")


@group.command("check")
@click.argument("file", type=FILE)
def check(file: Path) -> None:
    """Check FILE byte by byte; open both databases, and migrate those of SQLite."""
    with _told(), restoring.unpacked(file, settings().instance) as backup:
        trying.migrate(backup)
        entries = backup.manifest["files"]
        made = backup.manifest["made_at"]
    total = sum(entry["bytes"] for entry in entries.values()) / 1024**2
    click.echo(f"Whole: {len(entries)} files, {total:.1f} MiB, as of {made}.")


@group.command("restore")
@click.argument("file", type=FILE)
def restore(file: Path) -> None:
    """Restore FILE into the data folder and into empty databases; migrate them."""
    with _told():
        manifest = restoring.restore(file, settings().instance)
    flask_migrate.upgrade()
    stopped = replaying.stop_mail(clock.now())
    restore_mark.end()
    click.echo(f"{stopped} e-mails that waited in the backup are not sent again.")
    found = decisions.standing(db.session())
    since = len(found.behind) + len(found.interrupted)
    told = f"; {since} decisions since: `flask decisions replay`" if since else ""
    click.echo(f"Restored as of {manifest['made_at']}{told}.")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BackupError as error:
        raise click.ClickException(str(error)) from None
