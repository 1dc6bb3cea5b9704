"""`flask journal …`: verify the hash chain of staff actions."""

import click

from neupusti.admin.views.blueprint import bp
from neupusti.core.data.database import db
from neupusti.core.records.journal import ACTIONS, HEAD, StaffAction, broken


@bp.cli.command("verify")
def verify() -> None:
    """Verify the hash chain over all staff actions; fail where it is broken.

    A sound run keeps the newest head in the data folder; the next one looks for it.
    """
    session = db.session()
    if (number := broken(session)) is not None:
        raise click.ClickException(f"The chain is broken at staff action {number}.")
    if (problem := HEAD.problem(session, StaffAction)) is not None:
        raise click.ClickException(f"The chain is broken: {problem}.")
    HEAD.keep(*ACTIONS.newest(session))
    click.echo("The journal of staff actions is intact.")
