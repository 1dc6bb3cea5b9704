"""`flask site doctor`: check a deployment end to end."""

import secrets
import time
from collections.abc import Iterator

import click
from flask_babel import lazy_gettext as _

from neupusti.config.settings import Settings, settings
from neupusti.core import clock
from neupusti.core.background import standing_still
from neupusti.core.data.database import db, writing
from neupusti.core.mail import outbox
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.mail.outbox import EmailType, Recipient
from neupusti.core.text import emails
from neupusti.core.text.emails import EmailError
from neupusti.core.text.languages import Language
from neupusti.core.web.gate import gate
from neupusti.site.service import doctor as service
from neupusti.site.service import machine
from neupusti.site.service.doctor import Finding
from neupusti.site.views.blueprint import MIGRATIONS, bp

TRY = EmailType(name="site.doctor", label=_("A test e-mail of the site"))
OPEN = frozenset({OutboxState.QUEUED.value, OutboxState.HANDING.value})
POLL_SECONDS = 0.5
MAX_POLLS = 120
"""One minute: a mail server that answers takes an email in seconds."""


@bp.cli.command("doctor")
@click.option("--to", "address", help="Whom to write to; else the operator's e-mail.")
def doctor(address: str | None) -> None:
    """Check this deployment: proxy, email, databases, jobs, clock, disk, backup."""
    own = settings()
    sound = True
    for finding in _findings(own, address or own.operator_email):
        click.echo(
            f"{'ok' if finding.sound else 'WRONG':<6} {finding.what:<16} {finding.text}"
        )
        sound &= finding.sound
    if not sound:
        raise click.ClickException("This deployment is not in order.")


def _findings(own: Settings, address: str) -> Iterator[Finding]:
    states = machine.readiness(MIGRATIONS)
    yield from service.databases(states)
    yield from service.from_outside(
        own.base_url.rstrip("/"), own.hsts if own.production else ""
    )
    if states["main"] == "ok":
        yield from service.clocks(db.engine, clock.now())
        yield service.jobs(standing_still())
        yield service.decisions(gate().look())
        yield _email(address)
    yield service.disk(machine.free_bytes(machine.written_folders(own.instance)))
    yield service.backup(own.backups, clock.now())


def _email(address: str) -> Finding:
    """Leave an email in the outbox; the running site has to send it."""
    if outbox.service().server is None:
        return Finding("email", sound=True, text="no mail server: all mail is kept")
    try:
        to = Recipient(email=emails.parse(address), language=Language.RU)
    except EmailError:
        return Finding("email", sound=False, text="--to names no address to write to")
    with writing() as session:
        number = outbox.enqueue(session, TRY, to, key=f"doctor:{secrets.token_hex(8)}").id
    for _poll in range(MAX_POLLS):
        email = db.session.get_one(OutboxEmail, number, populate_existing=True)
        state, reason = email.state, email.reason
        db.session.rollback()
        if state not in OPEN or reason:
            break
        time.sleep(POLL_SECONDS)
    told = f"{state} {reason}".strip()
    return Finding(
        "email", state == OutboxState.SENT, f"to {emails.masked(address)}: {told}"
    )
