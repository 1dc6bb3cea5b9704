"""`flask journal …`: verify the hash chain of staff actions."""

import click

from neupusti.admin.views.blueprint import bp
from neupusti.core.data.database import db
from neupusti.core.records import journal


@bp.cli.command("verify")
@click.option(
    "--head", help="A head noted down earlier: the chain must still lead through it."
)
def verify(head: str | None) -> None:
    """Verify the hash chain over all staff actions; fail where it is broken.

    Prints the head of the chain: keep it outside the database, and pass it the next time.
    """
    session = db.session()
    if (number := journal.broken(session)) is not None:
        raise click.ClickException(f"The chain is broken at staff action {number}.")
    if head is not None and not journal.holds_head(session, head):
        raise click.ClickException("The chain does not lead through this head.")
    click.echo("The journal of staff actions is intact.")
    click.echo(f"head      {journal.head(session)}")
