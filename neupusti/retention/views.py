"""The public page of retention periods, and `flask retention run`."""

from collections.abc import Mapping

import click
from flask import Blueprint, render_template

from neupusti.core.registry import registry
from neupusti.retention import service

bp = Blueprint("retention", __name__, cli_group="retention")


@bp.get("/policy/retention/")
def terms() -> str:
    """Show the retention periods, from the same manifests as the sweep (5.6)."""
    manifests = registry()
    return render_template(
        "retention/terms.html",
        rules=manifests.retention,
        indefinite=manifests.indefinite,
        last=service.last_run(),
    )


class IncompleteSweepError(RuntimeError):
    """Copies of destroyed rows are left in the write-ahead log."""

    def __init__(self) -> None:
        super().__init__("something reads the database; copies are left in its log")


@bp.cli.command("run")
@click.option(
    "--dry-run", is_flag=True, help="Print what would be destroyed; change nothing."
)
def run(*, dry_run: bool) -> None:
    """Destroy every row past its retention period; the site does so hourly."""
    rules = registry().retention
    if dry_run:
        _echo(service.count_expired(rules), "would be destroyed")
        return
    swept = service.sweep(rules)
    _echo(swept.destroyed, "destroyed")
    if not swept.complete:
        raise click.ClickException(
            "Something reads the database: its log still holds copies. Run this again."
        )


def _echo(counts: Mapping[str, int], done: str) -> None:
    for table, count in counts.items():
        click.echo(f"{table:<20} {count:>8}")
    click.echo(f"{sum(counts.values())} rows {done}")


def sweep() -> None:
    """Run the hourly job: sweep by the rules of the running site.

    Raise IncompleteSweepError: a job that fails is tried again within a minute.
    """
    if not service.sweep(registry().retention).complete:
        raise IncompleteSweepError
