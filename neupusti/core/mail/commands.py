"""`flask mail …`: read the letters of the outbox."""

import json
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select

from neupusti.core.data.database import db
from neupusti.core.mail import message
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.mail.outbox import service
from neupusti.core.text import emails
from neupusti.core.text.emails import EmailError

mail = AppGroup("mail", help="Read the letters of the outbox.")


@mail.command("list")
@click.option("--to", "recipient", help="Only letters to this address.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list, newest last.")
def list_(recipient: str | None, *, as_json: bool) -> None:
    """Print the letters: to, subject, text and headers, oldest first."""
    wanted = select(OutboxEmail).order_by(OutboxEmail.id)
    if recipient:
        try:
            wanted = wanted.where(OutboxEmail.recipient == emails.parse(recipient))
        except EmailError:
            raise click.ClickException("This is no address of e-mail.") from None
    told = [_told(letter) for letter in db.session.scalars(wanted)]
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for letter in told:
        for name, value in letter["headers"].items():
            click.echo(f"{name}: {value}")
        click.echo(f"State: {letter['state']}\n\n{letter['text']}\n" + "-" * 72)
    if not told:
        click.echo("No letters.")


def _told(letter: OutboxEmail) -> dict[str, Any]:
    headers = message.build(letter, service()).items()
    return {
        "to": letter.recipient,
        "subject": letter.subject,
        "text": letter.text,
        "headers": {name: str(value) for name, value in headers},
        "kind": letter.kind,
        "language": letter.language,
        "state": letter.state,
        "at": letter.created_at.isoformat(),
    }
