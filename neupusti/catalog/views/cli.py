"""`flask catalog …`: the sample goods."""

import click

from neupusti.catalog.service import samples as service
from neupusti.catalog.views.blueprint import bp


@bp.cli.command("samples")
@click.option("--remove", is_flag=True, help="Remove them, in place of bringing them in.")
def samples(*, remove: bool) -> None:
    """Bring in the sample goods that are not there, and renew their deals.

    With --remove: take every sample product out of the shop, write its stock off, and
    delete the sample categories that are empty then. Orders keep what they say.
    """
    click.echo(service.remove() if remove else service.bring())
