"""`flask retention …` and `flask holds …`."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup

from neupusti.core.data.halting import is_halted
from neupusti.core.keeping import Retention
from neupusti.core.registry import registry
from neupusti.core.web.pagination import NUMBER
from neupusti.retention import queries
from neupusti.retention.service import placing, sweeps
from neupusti.retention.service.errors import HoldError, NoHoldError
from neupusti.retention.service.placing import Wish
from neupusti.retention.views.blueprint import bp

if TYPE_CHECKING:
    from flask.blueprints import BlueprintSetupState

DAY = click.DateTime(["%Y-%m-%d"])
holds = AppGroup("holds", help="What stands against the destruction of data.")


@bp.record_once
def _add_group(state: "BlueprintSetupState") -> None:
    state.app.cli.add_command(holds)


@bp.cli.command("run")
@click.option(
    "--dry-run", is_flag=True, help="Print what would be destroyed; change nothing."
)
@click.option("--rule", "code", help="Only by this rule, as /admin/retention/ names it.")
def run(*, dry_run: bool, code: str | None) -> None:
    """Destroy every row past its retention period; the site does so hourly."""
    rules = _rules(code)
    if dry_run:
        _echo(sweeps.count_expired(rules), "that would be destroyed")
        return
    swept = sweeps.sweep(rules)
    _echo(swept.destroyed, "destroyed")
    if is_halted():
        raise click.ClickException("NEUPUSTI_DESTROY=0: nothing is destroyed.")
    if swept.stopped:
        codes = ", ".join(rule.code for rule in swept.stopped)
        raise click.ClickException(
            f"More than a fifth of a table: allow it at /admin/retention/. {codes}"
        )
    if swept.refused:
        told = ", ".join(map(str, swept.refused))
        raise click.ClickException(f"The database refuses to delete rows. {told}")
    if not swept.complete:
        raise click.ClickException(
            "Something reads the database: its log still holds copies. Run this again."
        )


def _rules(code: str | None) -> list[Retention]:
    own = [rule for rule in registry().retention if not rule.custom_sweep]
    found = [rule for rule in own if code in {None, rule.code}]
    if not found:
        known = ", ".join(rule.code for rule in own)
        raise click.ClickException(f"No rule is called so; known are {known}.")
    return found


def _echo(counts: Mapping[str, int], done: str) -> None:
    for table, count in sorted(counts.items()):
        if count:
            click.echo(f"{table:<20} {count:>8}")
    click.echo(f"rows {done}: {sum(counts.values())}")


@holds.command("list")
def list_() -> None:
    """Print the holds and how many rows each keeps; no names."""
    for state in queries.shipped():
        click.echo(f"{state.hold.code:<16} rows: {state.rows}")
    placed = queries.placed()
    for one in placed:
        what = f"order {one.number}" if one.number else f"person {one.person}"
        end = f"until {one.until}" if one.until else "open end"
        click.echo(f"{one.code:<16} {what}, {end}, look again by {one.review}")
    click.echo(f"placed holds: {len(placed)}")


@holds.command("place")
@click.option("--person", type=NUMBER, help="Hold everything about this person.")
@click.option("--order", default="", help="Hold this order alone.")
@click.option("--law", required=True)
@click.option("--document", required=True, help="Who issued it, number and day.")
@click.option("--reason", required=True)
@click.option("--until", type=DAY, help="The last day; else until it is released.")
@click.option("--review", type=DAY, required=True, help="At most 180 days from now.")
@click.option("--silent", is_flag=True, help="The document forbids to tell the person.")
def place(
    *,
    person: int | None,
    order: str,
    law: str,
    document: str,
    reason: str,
    until: datetime | None,
    review: datetime,
    silent: bool,
) -> None:
    """Place a hold on one person or on one order."""
    wish = Wish(
        person=person,
        order=order,
        law=law,
        document=document,
        reason=reason,
        until=until.date() if until else None,
        review=review.date(),
        silent=silent,
    )
    try:
        hold = placing.place(wish, None)
    except HoldError as error:
        raise click.ClickException(str(error.message)) from None
    click.echo(f"The hold {hold.code} is placed.")


@holds.command("release")
@click.argument("code")
@click.option("--reason", required=True)
def release(code: str, reason: str) -> None:
    """Release the hold CODE: what it kept goes by its own term."""
    try:
        placing.release(code, None, reason)
    except (HoldError, NoHoldError) as error:
        raise click.ClickException(str(error.message)) from None
    click.echo(f"The hold {code} is released.")
