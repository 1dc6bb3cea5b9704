"""What the tests of the newsletter share: a mail server, and an app that has one set."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from neupusti.config.settings import Settings
from tests.core.smtp_server import SmtpServer
from tests.newsletter import cast
from tests.people import BIN


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The settings of an operator with a BIN, whose news leave as fast as they can."""
    return replace(settings, operator_bin=BIN, news_per_minute=1_000_000)


@pytest.fixture
def queueing(app: Flask) -> Flask:
    """A site whose emails wait for a server."""
    cast.send_by(app, 1)
    return app


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    """A mail server on loopback."""
    with SmtpServer().open() as smtp:
        yield smtp


@pytest.fixture
def sending(app: Flask, smtp: SmtpServer) -> Flask:
    """A site that sends by this server."""
    cast.send_by(app, smtp.port)
    return app
