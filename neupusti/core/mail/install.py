"""Giving an app its mail: the service, the command, the job that sends."""

from datetime import timedelta

from flask import Flask

from neupusti.core.background import Job
from neupusti.core.mail.commands import mail
from neupusti.core.mail.outbox import EXTENSION
from neupusti.core.mail.sender import Sender
from neupusti.core.mail.service import Service

EVERY = timedelta(seconds=1)


def install(app: Flask, service: Service) -> None:
    """Let letters of `app` leave it by `service`."""
    app.extensions[EXTENSION] = service
    app.cli.add_command(mail)


def job(service: Service) -> Job:
    """Return the job that sends what is due."""
    return Job(name="mail", every=EVERY, run=Sender(service).run)
