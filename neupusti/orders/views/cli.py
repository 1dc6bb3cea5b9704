"""`flask orders …` and `flask shop verify`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from neupusti.core.data.database import db
from neupusti.core.text import dates, order_numbers
from neupusti.core.text.order_numbers import OrderNumberError
from neupusti.orders.models.states import Word
from neupusti.orders.queries import details, lists, proofs
from neupusti.orders.queries.lists import Filter
from neupusti.orders.service import moves
from neupusti.orders.views.blueprint import bp

if TYPE_CHECKING:
    from flask.blueprints import BlueprintSetupState

TABLES: Mapping[str, Mapping[Any, frozenset[moves.Who]]] = {
    "order": moves.DECISION,
    "parcel": moves.JOURNEY,
    "return": moves.RETURNS,
}
WORDS = click.Choice([word.value for word in Word])
shop = AppGroup("shop", help="Check what must hold of the shop's tables.")


@bp.record_once
def _add_group(state: "BlueprintSetupState") -> None:
    state.app.cli.add_command(shop)


@bp.cli.command("list")
@click.option("--state", type=WORDS, help="Only orders in this state.")
@click.option("--search", default="", help="A number, names or four last digits.")
@click.option("--page", default=1, type=click.IntRange(1, 100_000), show_default=True)
def list_(state: str | None, search: str, page: int) -> None:
    """Print orders, those that are open first: number, day, state, total."""
    wanted = Filter(search=search, word=Word(state) if state else None)
    items, number = lists.board(wanted, page=page)
    with force_locale("en"):
        for item in items:
            order = item.order
            click.echo(
                f"{order.number}  {dates.short(order.placed_at)}  "
                f"{item.status.label!s:<20} {order.total:>10}"
            )
    click.echo(f"{number} orders")


@bp.cli.command("show")
@click.argument("number")
def show(number: str) -> None:
    """Print lines, parcels, payments and events of the order NUMBER; nothing personal."""
    try:
        found = details.by_number(order_numbers.parse(number))
    except OrderNumberError:
        raise click.ClickException("This is no number of an order.") from None
    if found is None:
        raise click.ClickException("There is no such order.")
    with force_locale("en"):
        click.echo(f"{found.order.number}  {found.status.label}")
    for line in found.lines:
        click.echo(
            f"  {line.quantity:>2} × {line.unit_price:<8} {line.article} {line.name}"
            f"  cancelled {line.cancelled}, returned {line.returned}"
        )
    order = found.order
    click.echo(f"  goods {order.goods} + delivery {order.fee} = {order.total}")
    click.echo(f"  due {found.sums.due}, paid {found.sums.paid}")
    for parcel, pieces in found.parcels:
        click.echo(f"  parcel {parcel.id}: {parcel.state}, {sum(pieces.values())} pieces")
    for event in found.events:
        moved = " > ".join(filter(None, (event.moved_from, event.moved_to)))
        click.echo(
            f"  {event.seq:>3} {dates.short(event.at)} {event.what} {moved}".rstrip()
            + f" ({event.actor_kind})"
        )


@bp.cli.command("moves")
def moves_table() -> None:
    """Print the three tables of moves, as they stand in `docs/shop.md`."""
    click.echo("| what | from | to | who |\n| --- | --- | --- | --- |")
    for what, table in TABLES.items():
        for (before, after), who in table.items():
            names = ", ".join(sorted(who))
            click.echo(f"| {what} | {before} | {after} | {names} |")


@shop.command("verify")
def verify() -> None:
    """Recompute stock, totals, events and counters; exit with 1 where something differs."""
    lines = list(proofs.broken(db.session()))
    for line in lines:
        click.echo(line)
    if lines:
        raise click.exceptions.Exit(1)
    click.echo("Stock, totals, events and counters hold.")
