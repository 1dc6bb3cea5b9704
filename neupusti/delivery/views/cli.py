"""`flask delivery …`: recipients, the ledger of an order, and what must hold."""

import click
from flask_babel import force_locale

from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.text import dates, order_numbers
from neupusti.core.text.languages import Language
from neupusti.core.text.order_numbers import OrderNumberError
from neupusti.delivery import queries
from neupusti.delivery.service import proofs
from neupusti.delivery.views.blueprint import bp
from neupusti.orders.queries import recipients
from neupusti.orders.service import links


@bp.cli.command("list")
def list_() -> None:
    """Print the recipients: number, kind, country, state, name."""
    now = clock.now()
    for one in recipients.known(db.session()):
        abroad = "abroad" if one.version.cross_border else "at home"
        state = "active" if one.holds_at(now) else "not active"
        where = f"{one.version.country} {abroad:<8}"
        name = one.version.name(Language.EN)
        click.echo(f"{one.id:>3} {one.kind:<12} {where} {state:<11} {name}")


@bp.cli.command("ledger")
@click.argument("number")
def ledger(number: str) -> None:
    """Print who learned which fields of the order NUMBER; no values."""
    try:
        order = links.by_number(db.session(), order_numbers.parse(number))
    except OrderNumberError:
        raise click.ClickException("This is no number of an order.") from None
    if order is None:
        raise click.ClickException("There is no such order.")
    found = queries.ledger(order.id)
    with force_locale("en"):
        for one in found:
            row = one.disclosure
            click.echo(
                f"{row.id:>5} {dates.short(row.at)} parcel {row.parcel} {row.channel} "
                f"{one.recipient.name(Language.EN)}: {', '.join(one.fields)}"
            )
    click.echo(f"{len(found)} entries")


@bp.cli.command("verify")
def verify() -> None:
    """Recompute the digests of the ledger; exit with 1 where something differs."""
    lines = list(proofs.broken(db.session()))
    for line in lines:
        click.echo(line)
    if lines:
        raise click.exceptions.Exit(1)
    click.echo("The ledger of the hand-over holds.")
