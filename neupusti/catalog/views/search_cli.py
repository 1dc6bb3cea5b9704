"""`flask catalog reindex`: the index of the search."""

import click

from neupusti.catalog.service.search import index
from neupusti.catalog.views.blueprint import bp


@bp.cli.command("reindex")
def reindex() -> None:
    """Build the search index again from the products, and show how far it is."""
    done = 0
    for done, total in index.rebuild():
        click.echo(f"{done} of {total}")
    click.echo(f"The search knows {done} products.")
