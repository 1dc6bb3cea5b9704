"""`flask catalog …`: the sample goods, the index of the search."""

import click

from neupusti.catalog.service import samples as service
from neupusti.catalog.service.search import index
from neupusti.catalog.views.blueprint import bp


@bp.cli.command("samples")
@click.option("--remove", is_flag=True, help="Remove them, in place of bringing them in.")
def samples(*, remove: bool) -> None:
    """Bring in the sample goods that are not there, and renew their deals.

    With --remove: take every sample product out of the shop, write its stock off, and
    delete the sample categories that are empty then. Orders keep what they say.
    """
    click.echo(service.remove() if remove else service.bring())


@bp.cli.command("reindex")
def reindex() -> None:
    """Build the index of the search again from the products, and show how far it is."""
    done = 0
    for done, total in index.rebuild():
        click.echo(f"{done} of {total}")
    click.echo(f"Indexed products: {done}.")
