"""Giving an app its mail: the service, the command, the job that sends."""

from collections.abc import Iterable
from datetime import timedelta

from flask import Flask

from neupusti.core.background import Job
from neupusti.core.mail.commands import mail
from neupusti.core.mail.outbox import EXTENSION, KINDS, EmailType
from neupusti.core.mail.sender import Sender
from neupusti.core.mail.service import Service

EVERY = timedelta(seconds=1)


def install(app: Flask, service: Service, kinds: Iterable[EmailType]) -> None:
    """Let letters of the declared `kinds` leave `app` by `service`."""
    app.extensions[EXTENSION] = service
    app.extensions[KINDS] = frozenset(kind.name for kind in kinds)
    app.cli.add_command(mail)


def job(service: Service) -> Job:
    """Return the job that sends what is due."""
    return Job(name="mail", every=EVERY, run=Sender(service).run)
