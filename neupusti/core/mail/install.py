"""Install mail in an app: the service, the command and the sending job."""

from collections.abc import Sequence
from datetime import timedelta

from flask import Flask

from neupusti.core.background import Job
from neupusti.core.mail.commands import mail
from neupusti.core.mail.outbox import EXTENSION, TYPES, WHILE_BLOCKED, EmailType
from neupusti.core.mail.sender import Sender
from neupusti.core.mail.service import Service

EVERY = timedelta(seconds=1)


def install(app: Flask, service: Service, types: Sequence[EmailType]) -> None:
    """Let `app` send emails of the declared `types` by `service`."""
    app.extensions[EXTENSION] = service
    app.extensions[TYPES] = frozenset(type_.name for type_ in types)
    app.extensions[WHILE_BLOCKED] = [type_.name for type_ in types if type_.while_blocked]
    app.cli.add_command(mail)


def job(service: Service) -> Job:
    """Return the job that sends due emails."""
    return Job(name="mail", every=EVERY, run=Sender(service).run)
