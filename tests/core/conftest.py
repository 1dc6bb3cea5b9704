"""Fixtures of core: an app without databases."""

import logging
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core.web.log import KeyValue
from tests.core import failing_views
from tests.disks import mounted  # noqa: F401 - a fixture
from tests.lending import SECRET


@pytest.fixture
def bare(made: Callable[..., Flask]) -> Flask:
    """A local app before `flask site setup`."""
    return failing_views.make_public(made())


@pytest.fixture(scope="session")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A client of one shared bare app with views that fail on purpose.

    Exceptions become pages, as for users.
    """
    folder = tmp_path_factory.mktemp("bare")
    app = create_app(Settings(secret_key=SECRET, instance=folder))
    failing_views.register(app)
    return app.test_client(use_cookies=False)


@pytest.fixture
def log() -> Iterator[StringIO]:
    """The log of the site, as written to standard error."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(KeyValue())
    logger = logging.getLogger("neupusti")
    logger.addHandler(handler)
    yield written
    logger.removeHandler(handler)
