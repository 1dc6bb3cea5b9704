"""The public page of retention periods, and `flask retention run`."""

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


@bp.cli.command("run")
@click.option(
    "--dry-run", is_flag=True, help="Print what would be destroyed; change nothing."
)
def run(*, dry_run: bool) -> None:
    """Destroy every row past its retention period; the site does so hourly."""
    rules = registry().retention
    counts = service.count_expired(rules) if dry_run else service.sweep(rules)
    for table, count in counts.items():
        click.echo(f"{table:<20} {count:>8}")
    done = "would be destroyed" if dry_run else "destroyed"
    click.echo(f"{sum(counts.values())} rows {done}")


def sweep() -> None:
    """Run the hourly job: sweep by the rules of the running site."""
    service.sweep(registry().retention)
