"""`flask accounts …`: rotate keys after the secret of the site has changed."""

import click

from neupusti.accounts.service import key_rotation
from neupusti.accounts.views.blueprint import bp
from neupusti.core.data.database import writing
from neupusti.core.records import decision_file, sealed


@bp.cli.command("rekey")
def rekey() -> None:
    """Rewrap every key with the current secret, so that old secrets can be removed."""
    with writing() as session:
        count = key_rotation.rotate(session)
        sealed.rotate(session)
    decision_file.vouch()
    click.echo(f"{count} rows were rewrapped with the current secret.")
    if left := key_rotation.count_unreadable():
        raise click.ClickException(
            f"{left} second factors depend on an unknown secret: set it in "
            f"NEUPUSTI_SECRET_KEYS_OLD, or use `flask staff reset-factor`."
        )
