"""`flask deadlines …` and `flask calendar …`."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup

from neupusti.core.clock import ALMATY
from neupusti.core.data.database import db
from neupusti.core.deadlines import counting, register
from neupusti.core.deadlines.terms import UnknownTermError
from neupusti.core.text import dates
from neupusti.deadlines.service import calendar as service
from neupusti.deadlines.service.calendar import CalendarError, Entry
from neupusti.deadlines.views.blueprint import bp

if TYPE_CHECKING:
    from flask.blueprints import BlueprintSetupState

MOMENT = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M%z", "%Y-%m-%d"])
DAY = click.DateTime(["%Y-%m-%d"])
calendar = AppGroup("calendar", help="The days off by which terms are counted.")


@bp.record_once
def _add_group(state: "BlueprintSetupState") -> None:
    state.app.cli.add_command(calendar)


@bp.cli.command("count")
@click.argument("code")
@click.argument("moment", type=MOMENT)
def count(code: str, moment: datetime) -> None:
    """Print when what came at MOMENT is due by the term CODE; without a zone: Almaty."""
    received = moment if moment.tzinfo else moment.replace(tzinfo=ALMATY)
    try:
        due = counting.due(code, received, register.calendar(db.session()))
    except UnknownTermError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Half of the term is over at {dates.short(due.target)} in Almaty.")
    click.echo(f"The last day is {due.day}, until 24:00 in Almaty.")


@calendar.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """Enter the days of FILE: lines of a day, off or worked, and a source.

    A worked day counts at once, a day off once it is confirmed.
    """
    try:
        new = service.import_days(file.read_bytes())
    except CalendarError as error:
        for problem in error.problems:
            click.echo(problem)
        raise click.ClickException("Nothing was imported.") from None
    click.echo(f"Days entered: {new}.")


@calendar.command("confirm")
@click.argument("day", type=DAY)
@click.option("--source", required=True, help="The order: its number or its address.")
def confirm(day: datetime, source: str) -> None:
    """Enter DAY as a day off that its source names; until then it counts as worked."""
    wanted = day.date()
    if not service.FIRST <= wanted <= service.last_day():
        raise click.ClickException(
            f"The day is not between {service.FIRST} and {service.last_day()}."
        )
    if not service.SHORTEST <= len(source) <= service.LONGEST:
        raise click.ClickException("This names no source.")
    service.enter(Entry(wanted, working=False, source=source), staff=None)
    click.echo(f"{wanted} counts as a day off.")
