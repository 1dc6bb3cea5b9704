"""`flask blocks …`: what is blocked, and blocks by whoever runs the server."""

import click

from neupusti.blocking import queries
from neupusti.blocking.service import blocking
from neupusti.blocking.service.blocking import Order
from neupusti.blocking.service.words import ENTERED
from neupusti.blocking.views.blueprint import bp
from neupusti.core.blocking.models import Cause
from neupusti.core.text import dates, emails
from neupusti.core.text.emails import EmailError
from neupusti.core.text.languages import Language
from neupusti.core.web.pagination import NUMBER
from neupusti.rights.models import OUTCOMES, Outcome, RequestKind
from neupusti.rights.service.errors import NoRequestError, RightsError

RESULTS = [one.value for one in OUTCOMES[RequestKind.BLOCK]]


@bp.cli.command("list")
def list_() -> None:
    """Print the open blocks by the day on which they are due; no names."""
    rows = queries.open_blocks()
    for one in rows:
        who = one.person or "an address"
        click.echo(
            f"{one.request} {who} {one.scope} by {one.by} "
            f"since {dates.short(one.from_at)} due {one.due}"
        )
    click.echo(f"blocks: {len(rows)}")


@bp.cli.command("open")
@click.option("--person", type=NUMBER)
@click.option("--email", default="")
@click.option("--by", type=click.Choice([one.value for one in ENTERED]), required=True)
@click.option("--document", default="", help="Kind, number and date of the paper.")
@click.option("--reason", required=True)
def open_(*, person: int | None, email: str, by: str, document: str, reason: str) -> None:
    """Block the data of a person, or of an address without an account."""
    try:
        address = emails.parse(email) if email else ""
    except EmailError:
        raise click.ClickException("This is not an email address.") from None
    if len(document) > blocking.LONGEST_DOCUMENT:
        most = blocking.LONGEST_DOCUMENT
        raise click.ClickException(f"Shorten the document to {most} characters.")
    order = Order(
        by=Cause(by),
        person=person,
        email=address,
        document=document,
        reason=reason,
        language=Language.RU,
    )
    try:
        request = blocking.place(order, None)
    except RightsError:
        raise click.ClickException(
            "There is no such person: name one, or an e-mail."
        ) from None
    click.echo(f"Blocked under {request.number}.")


@bp.cli.command("lift")
@click.argument("number")
@click.option("--outcome", type=click.Choice(list(RESULTS)), required=True)
@click.option("--reason", required=True, help="For the person.")
def lift(number: str, outcome: str, reason: str) -> None:
    """End the block of the request NUMBER, and answer the request."""
    try:
        blocking.finish(number, Outcome(outcome), reason)
    except NoRequestError:
        raise click.ClickException("There is no such request to block data.") from None
    except RightsError:
        raise click.ClickException("This request is answered already.") from None
    click.echo(f"The block of {number} has ended.")
