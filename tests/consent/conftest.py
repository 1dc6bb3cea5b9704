"""Shared by the tests of consent: a visitor who chooses, and the stored records."""

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
from tests.lending import close, opened

OWN = {"Sec-Fetch-Site": "same-origin"}
"""The headers browsers send with a form of our own page."""


@dataclass(frozen=True)
class Visitor:
    """A client with a cookie jar, and the forms it submits."""

    client: FlaskClient

    def choose(
        self,
        action: str,
        *categories: str,
        headers: dict[str, str] | None = None,
        **form: str,
    ) -> TestResponse:
        """Submit a choice, as the banner and the cookies page do."""
        data = {"choice": action, "category": list(categories), **form}
        return self.client.post("/cookies/", data=data, headers={**OWN, **(headers or {})})

    def press(self, address: str, **form: str) -> TestResponse:
        """Submit another form of the site."""
        return self.client.post(address, data=form, headers=OWN)

    def cookie(self, name: str = "consent") -> str | None:
        """Return the value of the cookie `name`."""
        found = self.client.get_cookie(name)
        return found.value if found else None


def plain(feature: Feature) -> bool:
    """Return whether the theme is the only optional cookie that `feature` may set."""
    return all(
        one is THEME or one.category is Category.NECESSARY for one in feature.cookies
    )


WITHOUT_RECENT = tuple(
    # Every page links to the catalog; its cookie is only set by the page of a product.
    replace(feature, cookies=()) if feature.name == "catalog" else feature
    for feature in FEATURES
)
BASE_FEATURES = tuple(feature for feature in WITHOUT_RECENT if plain(feature))
"""The middleware is tried with the theme and with cookies that only the tests set."""


@pytest.fixture
def features() -> tuple[Feature, ...]:
    """The features of the site; a module that wants them all overrides this."""
    return BASE_FEATURES


@pytest.fixture
def app(settings: Settings, features: tuple[Feature, ...]) -> Iterator[Flask]:
    """The site of `features` as it is served, with CSRF protection on."""
    with opened(settings, features) as app:
        app.testing = True
        app.test_client_class = Client
        yield app


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    """A new visitor, without any consent."""
    return Visitor(client)


@pytest.fixture
def consent(app: Flask) -> ConsentExtension:
    """The consent extension of the app."""
    extension: ConsentExtension = app.extensions["neupusti.consent"]
    return extension


@pytest.fixture
def with_features(settings: Settings) -> Iterator[Callable[..., Flask]]:
    """Create an app of other features on the same databases, like a deployment."""
    made: list[Flask] = []

    def make(*features: Feature, **changes: Any) -> Flask:
        app = create_app(replace(settings, **changes), features)
        app.testing = True
        made.append(app)
        return app

    yield make
    for app in made:
        close(app)


def add_view(app: Flask, address: str, view: Callable[[], Any]) -> None:
    """Add a public page, as another feature would."""
    authorisation.rules(app)[address] = PUBLIC
    app.add_url_rule(address, address, view, methods=["GET", "POST"])


def records() -> list[ConsentRecord]:
    """Return every consent record, in order."""
    db.session.rollback()
    return list(db.session.scalars(select(ConsentRecord).order_by(ConsentRecord.id)))


@pytest.fixture
def attempts_app(with_features: Callable[..., Flask]) -> Flask:
    """The site with a feature that declares more cookies, and a view that sets any."""
    from tests.consent import cookie_attempts  # noqa: PLC0415 - it builds on this module

    app = with_features(*BASE_FEATURES, cookie_attempts.FEATURE)
    cookie_attempts.add_attempts(app)
    return app
