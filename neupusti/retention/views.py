"""The terms in force, for everybody to read; and `flask retention run`."""

import click
from flask import Blueprint, render_template

from neupusti.core.registry import registry
from neupusti.retention import service

bp = Blueprint("retention", __name__, cli_group="retention")


@bp.get("/policy/retention/")
def terms() -> str:
    """Show what is kept for how long, from the manifests the sweep goes by (5.6)."""
    known = registry()
    return render_template(
        "retention/terms.html",
        rules=known.retention,
        indefinite=known.indefinite,
        last=service.last(),
    )


@bp.cli.command("run")
@click.option("--dry-run", is_flag=True, help="Say what would go, and destroy nothing.")
def run(*, dry_run: bool) -> None:
    """Destroy every row that is past its term; the site does so by itself, hourly."""
    rules = registry().retention
    counts = service.due(rules) if dry_run else service.sweep(rules)
    for table, count in counts.items():
        click.echo(f"{table:<20} {count:>8}")
    done = "would be destroyed" if dry_run else "destroyed"
    click.echo(f"{sum(counts.values())} rows {done}")


def sweep() -> None:
    """Sweep by the rules of the running site: what the hourly job does."""
    service.sweep(registry().retention)
