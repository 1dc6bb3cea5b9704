"""`flask accounts …`: what an operator does after the secret of the site has changed."""

import click

from neupusti.accounts.service import key_rotation
from neupusti.accounts.views.blueprint import bp
from neupusti.core.data.database import writing


@bp.cli.command("rekey")
def rekey() -> None:
    """Bring every second factor under the present secret; former ones may go then."""
    with writing() as session:
        count = key_rotation.rotate(session)
    click.echo(f"{count} rows were taken over by the present secret.")
    if left := key_rotation.lost():
        raise click.ClickException(
            f"{left} second factors were made with a secret that is not known here: name "
            f"it in NEUPUSTI_SECRET_KEYS_OLD, or use `flask staff reset-factor`."
        )
