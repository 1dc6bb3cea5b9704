"""`flask access …`: ingest, sweep, import."""

import fcntl
import os
import signal
import sys
import time
from pathlib import Path

import click
from flask import current_app

from neupusti.access import service as aggregator_
from neupusti.access.ingest import importing, spool_reader
from neupusti.access.ingest.logformats import Format
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
from neupusti.core.background import Background, Job

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
POLL_SECONDS = 0.1
MAX_POLLS = 100
"""How often `ingest --once` polls the progress of another process."""


@bp.cli.command("ingest")
@click.option("--once", is_flag=True, help="Ingest the spool once, then stop.")
def ingest(*, once: bool) -> None:
    """Ingest the spool in place of a worker; sweep every hour."""
    job = Job(name=aggregator_.NAME, every=aggregator_.EVERY, run=aggregator().work)
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
    default="combined", show_default=True,
)  # fmt: skip
@click.option("--progress", is_flag=True, help="Show a progress bar.")
def import_(file: Path, kind: str, *, progress: bool) -> None:
    """Import the log FILE of another server, plain or .gz; lines known are skipped."""
    if not file.is_file():
        raise click.BadParameter(f"{file} is not a regular file.")
    size = file.stat().st_size
    hidden = secret_paths(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001
    tables = enrichment(settings())
    shown = click.progressbar(length=size, label=file.name, file=sys.stderr)
    with shown as bar:
        done = 0

        def report_progress(position: int) -> None:
            nonlocal done
            if progress:
                bar.update(position - done)
            done = position

        try:
            imported = importing.import_log(
                engine(), file, Format(kind), tables, hidden.hide, report_progress
            )
        except (importing.OtherFormatError, OSError) as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"imported   {imported.requests}")
    if imported.known:
        click.echo(f"known      {imported.known} lines, imported earlier")
    click.echo(f"malformed  {imported.malformed.total()}")
    for reason, number in imported.malformed.most_common():
        click.echo(f"  {number}  {reason}")
    if imported.unterminated:
        click.echo("waiting    1 unterminated line, left for the next import")
    if imported.truncated:
        click.echo(
            "truncated  the archive ends too early: import it again when it is complete"
        )


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
