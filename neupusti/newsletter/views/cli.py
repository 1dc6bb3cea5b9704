"""`flask newsletter …`."""

import sys
from collections.abc import Mapping

import click

from neupusti.newsletter.service import bounces
from neupusti.newsletter.service.bounces import Outcome
from neupusti.newsletter.views.blueprint import bp

WORDS: Mapping[Outcome, str] = {
    Outcome.SUPPRESSED: "The mailbox does not exist: it gets no more news.",
    Outcome.TEMPORARY: "The report speaks of no mailbox that is gone: nothing was changed.",
    Outcome.UNKNOWN: "No subscriber has this address: nothing was changed.",
}


@bp.cli.command("bounce")
def bounce() -> None:
    """Read a report of undelivered mail (RFC 3464) from standard input."""
    outcome = bounces.read(sys.stdin.buffer.read())
    if outcome is Outcome.NO_REPORT:
        raise click.ClickException("This is no report of undelivered mail (RFC 3464).")
    click.echo(WORDS[outcome])
