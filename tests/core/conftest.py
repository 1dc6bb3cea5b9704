"""What the ground floor is tried on: an app that has no databases behind it."""

import logging
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core.web.log import KeyValue
from tests.conftest import SECRET
from tests.core import faults


@pytest.fixture
def bare(made: Callable[..., Flask]) -> Flask:
    """The app as it is served on one machine, before `flask site setup`."""
    return faults.opened(made())


@pytest.fixture(scope="session")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A browser on one bare app for all, with a few views that go wrong on purpose.

    It gets what users get: a page, never a raised exception.
    """
    folder = tmp_path_factory.mktemp("bare")
    app = create_app(Settings(secret_key=SECRET, instance=folder))
    faults.planted(app)
    return app.test_client(use_cookies=False)


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the site logs, as it would stand on standard error."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(KeyValue())
    logger = logging.getLogger("neupusti")
    logger.addHandler(handler)
    yield written
    logger.removeHandler(handler)
