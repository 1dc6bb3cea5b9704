"""`flask erasures …`: list, one of them, and the job by hand."""

import click

from neupusti.core.data.database import db
from neupusti.core.text import dates
from neupusti.erasure import queries
from neupusti.erasure.service import running
from neupusti.erasure.views.blueprint import bp
from neupusti.rights.service import requests
from neupusti.rights.service.errors import NoRequestError


@bp.cli.command("list")
def list_() -> None:
    """Print the requests for destruction, the open ones first; no names."""
    page = queries.board(1)
    erasures = queries.of_requests(page.rows)
    for one in page.rows:
        erasure = erasures.get(one.id)
        state = f"{erasure.state}, at {dates.short(erasure.run_at)}" if erasure else "new"
        click.echo(f"{one.number} {one.channel:<6} {state}")
    click.echo(f"requests for destruction: {page.total}")


@bp.cli.command("show")
@click.argument("number")
def show(number: str) -> None:
    """Print what became of each table for the request NUMBER; no values."""
    try:
        found = requests.by_number(db.session(), number)
    except NoRequestError:
        raise click.ClickException("There is no such request.") from None
    erasure = queries.of_request(found)
    if erasure is None:
        raise click.ClickException("Nothing is to be destroyed for this request.")
    for step in queries.steps(erasure):
        click.echo(f"{step.store:<24} gone {step.gone} kept {step.kept} left {step.left}")
    for hold, rows in queries.kept(erasure).items():
        click.echo(f"{hold:<24} keeps rows: {rows}")
    click.echo(f"{found.number} is {erasure.state}, places left: {erasure.left}")


@bp.cli.command("run")
def run() -> None:
    """Carry out what is due; the site does so every minute."""
    running.run()
    click.echo(f"destructions that need a member of staff: {queries.count_to_act()}")
