"""`flask rights …`: requests, exports on the server, archives, and the data map."""

import csv
import json
import sys
from pathlib import Path

import click
from flask_babel import force_locale

from neupusti.accounts.models import Person
from neupusti.config.settings import settings
from neupusti.core.data import disk
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.records.journal import Operation, log_staff_action
from neupusti.core.text import dates
from neupusti.core.text.languages import Language
from neupusti.core.web.pagination import NUMBER
from neupusti.rights import queries
from neupusti.rights.service import archive, inventory, recognising, requests
from neupusti.rights.service.answering import EXPORTED
from neupusti.rights.service.archive import ExportRequest
from neupusti.rights.service.errors import NoRequestError
from neupusti.rights.views.blueprint import bp


@bp.cli.command("list")
@click.option("--all", "everything", is_flag=True, help="The closed ones too.")
def list_(*, everything: bool) -> None:
    """Print the requests by the day on which they are due; no names."""
    page = queries.board(everything=everything, page=1)
    dues = queries.dues(page.rows)
    for one in page.rows:
        due = dues.get(one.number)
        state = one.outcome or ("late" if due and queries.is_late(due) else "open")
        click.echo(
            f"{one.number} {one.kind:<7} {one.channel:<6} "
            f"received {dates.short(one.received_at)} due {due.due if due else '-'} {state}"
        )
    click.echo(f"{page.total} requests.")


@bp.cli.command("show")
@click.argument("number")
def show(number: str) -> None:
    """Print the steps of the request NUMBER; no values."""
    try:
        found = requests.by_number(db.session(), number)
    except NoRequestError:
        raise click.ClickException("There is no such request.") from None
    due = queries.due(found)
    click.echo(f"{found.number} {found.kind} {found.channel} assurance {found.assurance}")
    for one in queries.steps(found.id):
        who = f"{one.actor_kind} {one.actor or ''}".strip()
        click.echo(f"{dates.short(one.at)} {one.step} by {who}")
    day = f"Due on {due.due}, " if due else ""
    click.echo(f"{day}{found.outcome or 'not answered yet'}.")


@bp.cli.command("export")
@click.option("--person", type=NUMBER, required=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
def export(person: int, out: Path) -> None:
    """Write the archive of everything kept about a person to a file."""
    found = db.session.get(Person, person)
    if found is None:
        raise click.ClickException("There is no such person.")
    if out.exists():
        raise click.ClickException(f"{out} is there already: nothing was written.")
    # Until it is confirmed, the address may be another's.
    key = found.email_key if found.confirmed_at else None
    whose = Whose(person=person, email_key=key)
    language = Language(found.language)
    about = ExportRequest(
        number=f"person {person}", language=language, operator=settings().operator
    )
    with force_locale(language.locale):
        manifest = archive.write(whose, disk.replacing(out), about)
    with writing() as session:
        log_staff_action(
            session,
            staff=None,
            action=EXPORTED,
            operation=Operation.PROVISION,
            person=person,
        )
    if not manifest.complete:
        raise click.ClickException("The archive is incomplete: its kept.html says why.")
    click.echo(f"{manifest.rows} rows, SHA-256 {manifest.sha256}.")


@bp.cli.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(file: Path) -> None:
    """Say whether this site has made FILE, an archive or its manifest.json."""
    found = recognising.recognise_file(file)
    if found is None:
        raise click.ClickException("This archive is not ours, or was changed.")
    at = dates.short(recognising.made_at(found))
    click.echo(f"Made by this site on {at}, {found.rows} rows.")


@bp.cli.command("inventory")
@click.option("--format", "kind", type=click.Choice(["csv", "json"]), default="csv")
def print_inventory(kind: str) -> None:
    """Print every column about people: clause, purposes, term, how it is found."""
    lines = inventory.lines()
    if kind == "json":
        click.echo(json.dumps(lines, ensure_ascii=False, indent=1))
        return
    writer = csv.DictWriter(sys.stdout, inventory.HEADINGS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
