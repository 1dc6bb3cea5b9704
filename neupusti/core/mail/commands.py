"""`flask mail …`: read the emails in the outbox."""

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

mail = AppGroup("mail", help="Read the emails in the outbox.")


@mail.command("list")
@click.option("--to", "recipient", help="Only emails to this address.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list, newest last.")
def list_(recipient: str | None, *, as_json: bool) -> None:
    """Print the emails: recipient, subject, text and headers, oldest first."""
    query = select(OutboxEmail).order_by(OutboxEmail.id)
    if recipient:
        try:
            query = query.where(OutboxEmail.recipient == emails.parse(recipient))
        except EmailError:
            raise click.ClickException("This is not an email address.") from None
    described = [_describe(email) for email in db.session.scalars(query)]
    if as_json:
        click.echo(json.dumps(described, ensure_ascii=False, indent=2))
        return
    for email in described:
        for name, value in email["headers"].items():
            click.echo(f"{name}: {value}")
        click.echo(f"State: {email['state']}\n\n{email['text']}\n" + "-" * 72)
    if not described:
        click.echo("No emails.")


def _describe(email: OutboxEmail) -> dict[str, Any]:
    return {
        "to": email.recipient,
        "subject": email.subject,
        "text": email.text,
        "headers": message.headers(email, service()),
        "kind": email.kind,
        "language": email.language,
        "state": email.state,
        "at": email.created_at.isoformat(),
    }
