"""What the tests of consent share: a visitor who chooses, and what the site kept of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from neupusti.app import FEATURES, create_app
from neupusti.config.settings import Settings
from neupusti.consent.models import ConsentRecord
from neupusti.consent.views.extension import ConsentExtension
from neupusti.core.data.database import db
from neupusti.core.feature import Category, Feature
from neupusti.core.rules import PUBLIC
from neupusti.core.security import authorisation
from neupusti.core.web.theme import THEME
from tests.conftest import Visitor as Client

OWN = {"Sec-Fetch-Site": "same-origin"}
"""What browsers say of a form that our own page sent."""


@dataclass(frozen=True)
class Visitor:
    """A browser that keeps cookies, and the buttons it presses."""

    client: FlaskClient

    def choose(
        self, act: str, *categories: str, headers: dict[str, str] | None = None, **form: str
    ) -> TestResponse:
        """Press a button of the banner or of the cookies page."""
        data = {"choice": act, "category": list(categories), **form}
        return self.client.post("/cookies/", data=data, headers={**OWN, **(headers or {})})

    def press(self, address: str, **form: str) -> TestResponse:
        """Press a button of another form of ours."""
        return self.client.post(address, data=form, headers=OWN)

    def cookie(self, name: str = "consent") -> str | None:
        """Return what the browser keeps under `name`."""
        found = self.client.get_cookie(name)
        return found.value if found else None


def plain(feature: Feature) -> bool:
    """Tell whether the theme is the only optional cookie that `feature` may set."""
    return all(
        one is THEME or one.category is Category.NECESSARY for one in feature.cookies
    )


ROOMS = tuple(feature for feature in FEATURES if plain(feature))
"""The gate is tried with the theme and with cookies that only the tests set."""


@pytest.fixture
def rooms() -> tuple[Feature, ...]:
    """The rooms of the site; a module that wants them all overrides this."""
    return ROOMS


@pytest.fixture
def app(settings: Settings, rooms: tuple[Feature, ...]) -> Iterator[Flask]:
    """The site of `rooms` as it is served, with CSRF protection on."""
    app = create_app(settings, rooms)
    app.testing = True
    app.test_client_class = Client
    with app.app_context():
        yield app
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    """A new visitor, who has agreed to nothing."""
    return Visitor(client)


@pytest.fixture
def room(app: Flask) -> ConsentExtension:
    """The room as the app holds it."""
    held: ConsentExtension = app.extensions["neupusti.consent"]
    return held


@pytest.fixture
def with_features(settings: Settings) -> Iterator[Callable[..., Flask]]:
    """Make an app of other features on the same databases: what a deployment brings."""
    made: list[Flask] = []

    def make(*features: Feature, **changes: Any) -> Flask:
        app = create_app(replace(settings, **changes), features)
        app.testing = True
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()


def add_view(app: Flask, address: str, view: Callable[[], Any]) -> None:
    """Add a page that is open to everybody, as a room that came later would."""
    authorisation.rules(app)[address] = PUBLIC
    app.add_url_rule(address, address, view, methods=["GET", "POST"])


def records() -> list[ConsentRecord]:
    """Return every record that is kept, in order."""
    db.session.rollback()
    return list(db.session.scalars(select(ConsentRecord).order_by(ConsentRecord.id)))


@pytest.fixture
def tried(with_features: Callable[..., Flask]) -> Flask:
    """The site with one more room that wants more cookies, and a view that tries it on."""
    from tests.consent import tricks  # noqa: PLC0415 - it builds on this module

    app = with_features(*ROOMS, tricks.ROOM)
    tricks.tries(app)
    return app
