"""What the tests of the staff area share: Дана who may do everything, and her browser."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core.rules import Permission
from tests import desk
from tests.people import DANA


@pytest.fixture
def dana(app: Flask) -> int:
    """A member of staff with every permission."""
    return desk.member(DANA, *Permission)


@pytest.fixture
def browser(app: Flask, dana: int) -> FlaskClient:
    """The browser in which she is signed in."""
    return desk.signed_in(app, dana)
