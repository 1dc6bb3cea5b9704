"""`flask access …`: ingest, sweep, import."""

import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

import click
from flask import current_app
from sqlalchemy import select

from neupusti.access import service as aggregator_
from neupusti.access.ingest import handing_in, importing, spool_reader
from neupusti.access.ingest.logfile import NoLogError
from neupusti.access.ingest.logformats import Format
from neupusti.access.models import Import
from neupusti.access.retention import sweep
from neupusti.access.views.blueprint import (
    aggregator,
    bp,
    engine,
    enrichment,
    retention_cutoffs,
    secret_paths,
)
from neupusti.config.settings import settings
from neupusti.core import clock
from neupusti.core.background import Background, Job, Scope
from neupusti.core.web.pagination import NUMBER

FILE = click.Path(
    exists=True, dir_okay=False, readable=True, allow_dash=True, path_type=Path
)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
INPUT = Path("-")
"""Standard input."""
POLL_SECONDS = 0.1
MAX_POLLS = 100
"""How often `ingest --once` polls the progress of another process."""


@bp.cli.command("ingest")
@click.option("--once", is_flag=True, help="Ingest the spool once, then stop.")
@click.option(
    "--from", "folder", type=FOLDER,
    help="Take in the spool of a dead machine once, in place of the own one.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="With --from: count; write nothing.")
def ingest(folder: Path | None, *, once: bool, dry_run: bool) -> None:
    """Ingest the spool in place of a worker; sweep every hour."""
    if folder is not None:
        _hand_in(folder, dry_run=dry_run)
        return
    if dry_run:
        raise click.UsageError("--dry-run needs --from.")
    job = Job(
        name=aggregator_.NAME,
        every=aggregator_.EVERY,
        run=aggregator().work,
        scope=Scope.MACHINE,
    )
    if not once:
        work = Background(current_app._get_current_object(), [job])  # type: ignore[attr-defined]  # noqa: SLF001
        work.start()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: work.stopped.set())
        work.stopped.wait()
        work.stop()
        return
    if (lock := _lock(Path(current_app.instance_path) / f"{job.name}.lock")) is not None:
        click.echo(f"{aggregator().ingest()} requests")
        os.close(lock)
    elif not _wait_for_other_process():
        raise click.ClickException(
            "Another process is ingesting this spool and has not finished."
        )
    else:
        click.echo("0 requests: another process has ingested them")


def _hand_in(folder: Path, *, dry_run: bool) -> None:
    """Count the lines of another machine's spool, and print what became of them."""
    cutoffs = retention_cutoffs()
    try:
        handing_in.check(folder, aggregator().folder, f"{aggregator_.NAME}.lock")
        found = handing_in.hand_in(
            engine(), folder, enrichment(settings()), kept=cutoffs.destroyed_before,
            whole=cutoffs.masked_before, dry_run=dry_run,
        )  # fmt: skip
    except (handing_in.NoSpoolError, OSError) as error:
        raise click.ClickException(str(error)) from None
    if found.unmasked and not dry_run:
        sweep.sweep(engine(), cutoffs)
    click.echo(f"counted    {found.counted}")
    click.echo(f"known      {found.known}  (counted before)")
    click.echo(f"over       {found.over}  (past their term: not stored)")
    click.echo(f"malformed  {found.malformed.total()}")
    if dry_run:
        click.echo("Nothing was written.")
    else:
        click.echo("Destroy the folder now: its lines hold addresses.")


@bp.cli.command("sweep")
@click.option(
    "--dry-run", is_flag=True, help="Report what would be destroyed; change nothing."
)
def sweep_(*, dry_run: bool) -> None:
    """Mask addresses and destroy rows at the end of their retention."""
    cutoffs = retention_cutoffs()
    found = sweep.due(engine(), cutoffs) if dry_run else sweep.sweep(engine(), cutoffs)
    click.echo(f"rows masked     {found.masked}  (before {cutoffs.masked_before})")
    click.echo(f"rows destroyed  {found.destroyed}  (before {cutoffs.destroyed_before})")
    click.echo(f"day rows        {found.day_rows}  (addresses and visitors' digests)")
    if dry_run:
        click.echo("Nothing was changed.")
    elif not found.complete:
        raise click.ClickException(
            "The files could not be cleared; the next run tries again."
        )


@bp.cli.command("import")
@click.argument("file", type=FILE)
@click.option(
    "--format", "kind", type=click.Choice([kind.value for kind in Format]),
    help="Only this format; otherwise that of most of the first lines.",
)  # fmt: skip
@click.option(
    "--host",
    "hosts",
    multiple=True,
    help="A name of the site that wrote the log: no other site among its referrers.",
)
@click.option("--progress", is_flag=True, help="Show a progress bar.")
@click.option("--dry-run", is_flag=True, help="Read and count everything; write nothing.")
def import_(
    file: Path, kind: str | None, hosts: tuple[str, ...], *, progress: bool, dry_run: bool
) -> None:
    """Import the log FILE of another server, plain or packed; known lines are skipped.

    FILE may be - for standard input.
    """
    if file != INPUT and not file.is_file():
        raise click.BadParameter(f"{file} is not a regular file.")
    with _readable(file) as path:
        imported = _import(
            path, Format(kind) if kind else None, hosts, progress=progress, dry_run=dry_run
        )
    click.echo(f"format     {imported.kind}")
    click.echo(f"imported   {imported.requests}")
    if imported.known:
        click.echo(f"known      {imported.known} lines, imported earlier")
    click.echo(f"malformed  {imported.malformed.total()}")
    for reason, number in imported.malformed.most_common():
        click.echo(f"  {number}  {reason}")
    if imported.unterminated:
        click.echo("waiting    1 unterminated line, left for the next import")
    if dry_run:
        click.echo("Nothing was written.")
    if imported.truncated:
        raise click.ClickException(
            "The archive ends too early. What there is of it was read; import the whole "
            "file when you have it, and only the rest is added."
        )


@bp.cli.command("imports")
def imports() -> None:
    """Print every file that was imported: number, time, lines and bytes read."""
    with engine().connect() as connection:
        for row in connection.execute(select(Import).order_by(Import.id)):
            at = row.at.astimezone(clock.ALMATY)
            click.echo(
                f"{row.id:>6}  {at:%Y-%m-%d %H:%M}  {row.lines:>10} lines"
                f"  {row.position:>13} bytes"
            )


@bp.cli.command("forget-import")
@click.argument("number", type=NUMBER)
def forget_import(number: int) -> None:
    """Forget that file NUMBER (`flask access imports`) was read; its requests stay."""
    if not importing.forget(engine(), number):
        raise click.ClickException(f"No import has the number {number}.")
    click.echo("Forgotten: the same file would be read again from its first line.")


@contextmanager
def _readable(file: Path) -> Iterator[Path]:
    """Yield `file`, or a copy of standard input that is deleted afterwards."""
    if file != INPUT:
        yield file
        return
    with NamedTemporaryFile(dir=current_app.instance_path) as copy:
        shutil.copyfileobj(click.open_file("-", "rb"), copy)
        copy.flush()
        yield Path(copy.name)


def _import(
    file: Path,
    kind: Format | None,
    hosts: tuple[str, ...],
    *,
    progress: bool,
    dry_run: bool,
) -> importing.ImportResult:
    """Import with a progress bar; every error is one sentence."""
    hidden = secret_paths(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001
    size = file.stat().st_size
    shown = click.progressbar(
        length=size, label="Reading", file=sys.stderr, hidden=not progress
    )
    with shown as bar:
        done = 0

        def report_progress(position: int) -> None:
            nonlocal done
            bar.update(position - done)
            done = position

        try:
            return importing.import_log(
                engine(), file, kind, enrichment(settings(), hosts), hidden.hide,
                report_progress, dry_run=dry_run,
            )  # fmt: skip
        except (importing.OtherFormatError, NoLogError, OSError) as error:
            raise click.ClickException(str(error)) from None


def _lock(path: Path) -> int | None:
    """Take the lock that elects the aggregator; return None if another process has it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file


def _wait_for_other_process() -> bool:
    """Wait until the process that holds the lock has ingested the present spool."""
    waiting = spool_reader.sizes(aggregator().folder)
    for _ in range(MAX_POLLS):
        if spool_reader.has_read(engine(), aggregator().folder, waiting):
            return True
        time.sleep(POLL_SECONDS)
    return False
