"""Every route and everybody at it: made of the table of who may open what (V8.1.1)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.routing import Rule as Route
from werkzeug.test import TestResponse

from neupusti.app import FEATURES, create_app
from neupusti.config.settings import Settings
from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.rules import PUBLIC, Permission, Rule, Who
from neupusti.core.security import authorisation
from neupusti.core.security.authorisation import UndeclaredRouteError
from neupusti.policy.service import edition_store
from neupusti.staff.service import grants
from tests import desk
from tests.conftest import SQLITE
from tests.people import AIGERIM, BOLAT, DANA, YERLAN

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
LOGIN, SET_UP = "/account/login", "/account/two-factor"
PROVE = "/account/reauthenticate"
GATES = {LOGIN, SET_UP, PROVE}
STRICT = {"accounts.switch_off"}
"""What staff may open and may not do: the view itself says why."""


@dataclass(frozen=True)
class Role:
    """Who knocks: nobody, a customer, or a member of staff."""

    name: str
    signed_in: bool = True
    staff: bool = False
    held: tuple[Permission, ...] = ()
    factor: bool = True


NOBODY = Role("nobody", signed_in=False)
CUSTOMER, OTHER = Role("customer", factor=False), Role("other customer", factor=False)
HALF = Role("staff without a second factor", staff=True, held=(*Permission,), factor=False)
WHOLE = Role("staff with everything", staff=True, held=(*Permission,))
EACH = [Role(f"staff for {one}", staff=True, held=(one,)) for one in Permission]
ROLES = [NOBODY, CUSTOMER, OTHER, HALF, WHOLE, *EACH]


def expected(rule: Rule, role: Role) -> str | int | None:
    """Return where `role` is sent, or the status that refuses it, or None: it may."""
    if rule.who is Who.PUBLIC:
        return None
    if not role.signed_in:
        return LOGIN
    if role.staff and not role.factor and not rule.mfa_pending:
        return SET_UP
    if rule.who is Who.STAFF:
        enough = rule.permission in role.held if rule.permission else role.staff
        return None if enough else 403
    return None


def routes(app: Flask) -> Iterator[tuple[Route, str]]:
    """Yield every route of the site with each method it takes."""
    for route in app.url_map.iter_rules():
        for method in sorted((route.methods or set()) & METHODS):
            yield route, method


@pytest.fixture
def sample(app: Flask) -> dict[str, str]:
    """What stands in an address in the place of each kind of value; of others a 1."""
    with writing() as session:
        letter = OutboxEmail(
            key="sample",
            kind="accounts.confirm",
            recipient=BOLAT.email,
            language="ru",
            subject="Тема",
            text="Слова",
            html="",
            headers="{}",
            state=OutboxState.KEPT.value,
            attempts=0,
            created_at=clock.now(),
            next_at=clock.now(),
            reason="",
        )
        session.add(letter)
    day = edition_store.date_in_force()
    return {
        "name": "site.css",
        "day": str(day),
        "a": "2022-08-04",
        "b": str(day),
        "token": "0" * 43,
        # The first person and the first letter: the one is there before any role.
        "number": "1",
        "record": "1",
        "dimension": "path",
        "kind": "csv",
    }


@pytest.fixture
def seats(app: Flask) -> Callable[[Role], FlaskClient]:
    """Sign a role in, anew before each knock: some doors sign people out."""
    numbers: dict[str, int] = {}
    first = desk.person(BOLAT)
    assert first == 1

    def seated(role: Role) -> FlaskClient:
        browser = app.test_client()
        if not role.signed_in:
            with browser.session_transaction() as kept:
                kept["csrf_token"] = desk.RAW
            return browser
        if role.name not in numbers:
            who = {"customer": AIGERIM, "other customer": YERLAN}.get(role.name, DANA)
            made = desk.member(who, *role.held, factor=role.factor)
            numbers[role.name] = made
        desk.sit(browser, numbers[role.name], factor=role.factor)
        return browser

    return seated


def address(app: Flask, route: Route, sample: dict[str, str]) -> str:
    with app.test_request_context():
        values: dict[str, Any] = {name: sample.get(name, "1") for name in route.arguments}
        if route.endpoint == "policy.clause":
            values["number"] = "6.2"
        return app.url_for(route.endpoint, **values)


def knock(app: Flask, browser: FlaskClient, method: str, path: str) -> TestResponse:
    headers = {"Sec-Fetch-Site": "same-origin", "Referer": "http://localhost/before"}
    if method == "GET":
        return browser.get(path, headers=headers)
    return browser.open(path, method=method, data=desk.form(app), headers=headers)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_everybody_opens_what_the_table_says(
    app: Flask, sample: dict[str, str], seats: Callable[[Role], FlaskClient], role: Role
) -> None:
    for route, method in routes(app):
        rule, path = authorisation.rules(app)[route.endpoint], address(app, route, sample)
        answer = knock(app, seats(role), method, path)
        wanted = expected(rule, role)
        where = answer.headers.get("Location", "")
        told = f"{method} {path}: {answer.status_code} {where}"
        assert answer.status_code < 500, told
        if isinstance(wanted, str):
            assert answer.status_code == 303, told
            assert where.partition("?")[0] == wanted, told
        elif wanted is not None:
            assert answer.status_code == wanted, told
        else:
            refused = answer.status_code == 403 and not (
                route.endpoint in STRICT and role.staff
            )
            assert not refused, told
            # The gate tells the way back; a view that leads on does not.
            sent_away = "next=" in where and where.partition("?")[0] in GATES
            assert rule.who is Who.PUBLIC or not sent_away, told


@pytest.mark.parametrize("role", [NOBODY, WHOLE], ids=lambda role: role.name)
def test_a_wrong_method_is_refused_everywhere(
    app: Flask, sample: dict[str, str], seats: Callable[[Role], FlaskClient], role: Role
) -> None:
    router, browser = app.url_map.bind("localhost"), seats(role)
    paths = {address(app, route, sample) for route in app.url_map.iter_rules()}
    for path in sorted(paths):
        for method in METHODS - set(router.allowed_methods(path)):
            answer = knock(app, browser, method, path)
            assert answer.status_code == 405, f"{method} {path}"
            assert "Allow" in answer.headers, path


def counted() -> dict[str, int]:
    """Return how many rows each table has."""
    db.session.rollback()
    return {
        table.name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for table in db.metadatas[None].sorted_tables
    }


@pytest.mark.parametrize("role", [NOBODY, CUSTOMER, WHOLE], ids=lambda role: role.name)
def test_looking_changes_nothing(
    app: Flask, sample: dict[str, str], seats: Callable[[Role], FlaskClient], role: Role
) -> None:
    """Not one row is there more or less after a GET or a HEAD (V3.5.3)."""
    browser = seats(role)
    for route, method in routes(app):
        if method == "GET":
            path = address(app, route, sample)
            before = counted()
            browser.get(path)
            browser.head(path)
            assert counted() == before, path


def test_a_stale_sign_in_is_asked_for_the_password(
    app: Flask, sample: dict[str, str]
) -> None:
    desk.person(BOLAT)
    number = desk.member(DANA, *Permission)
    fresh = 0
    for route, method in routes(app):
        rule = authorisation.rules(app)[route.endpoint]
        if rule.recently_authenticated:
            browser = desk.seat(app, number, fresh=False)
            answer = knock(app, browser, method, address(app, route, sample))
            assert answer.status_code == 303
            assert answer.headers["Location"].partition("?")[0] == PROVE, route.rule
            fresh += 1
    assert fresh > 5


def test_what_is_taken_back_is_gone_at_the_next_click(app: Flask) -> None:
    """Rights are read at every request: none outlives its row (TOB-PYPI26-13)."""
    number = desk.member(DANA, Permission.PRIVACY)
    browser = desk.seat(app, number)
    assert browser.get("/admin/journal/").status_code == 200
    with writing() as session:
        grants.change(session, number, (), by=None)
    assert browser.get("/admin/journal/").status_code == 303
    desk.sit(browser, number)
    assert browser.get("/admin/journal/").status_code == 403


@SQLITE
def test_every_page_of_the_staff_is_for_staff(app: Flask) -> None:
    paths = {r.endpoint: r.rule for r in app.url_map.iter_rules()}
    open_ones = [e for e, path in paths.items() if path.startswith("/admin")]
    assert open_ones
    assert [e for e in open_ones if authorisation.rules(app)[e].who is not Who.STAFF] == []


@SQLITE
def test_a_route_without_a_rule_stops_the_start(app: Flask) -> None:
    app.add_url_rule("/new", "features.new", lambda: "")
    with pytest.raises(UndeclaredRouteError, match=r"features\.new"):
        authorisation.check(app)


@SQLITE
def test_a_rule_without_a_route_stops_the_start(app: Flask) -> None:
    authorisation.rules(app)["features.gone"] = PUBLIC
    with pytest.raises(UndeclaredRouteError, match=r"features\.gone"):
        authorisation.check(app)


@SQLITE
def test_the_start_itself_looks(settings: Settings) -> None:
    silent = tuple(
        replace(feature, access={}) if feature.name == "catalog" else feature
        for feature in FEATURES
    )
    with pytest.raises(UndeclaredRouteError, match=r"catalog\.home"):
        create_app(settings, silent)


def test_a_route_that_slipped_in_is_refused(app: Flask) -> None:
    app.add_url_rule("/new", "features.new", lambda: "secret")
    assert app.test_client().get("/new").status_code == 403
    authorisation.rules(app)["features.new"] = PUBLIC
    assert app.test_client().get("/new").text == "secret"
