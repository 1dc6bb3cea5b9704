"""`flask journal …`: check the chain of what staff did."""

import click

from neupusti.admin.views.blueprint import bp
from neupusti.core.data.database import db
from neupusti.core.records.journal import broken


@bp.cli.command("verify")
def verify() -> None:
    """Recompute the chain over every act of staff; fail where it does not hold."""
    if (number := broken(db.session())) is not None:
        raise click.ClickException(f"The chain breaks at act {number}.")
    click.echo("The journal of staff is sound.")
