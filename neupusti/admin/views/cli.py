"""`flask journal …`: verify the hash chain of staff actions."""

import click

from neupusti.admin.views.blueprint import bp
from neupusti.core.data.database import db
from neupusti.core.records.journal import broken


@bp.cli.command("verify")
def verify() -> None:
    """Verify the hash chain over all staff actions; fail where it is broken."""
    if (number := broken(db.session())) is not None:
        raise click.ClickException(f"The chain is broken at staff action {number}.")
    click.echo("The journal of staff actions is intact.")
