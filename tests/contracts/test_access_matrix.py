"""Every route with every role, generated from the access rules (V8.1.1)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
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
from tests.people import AIGERIM, BOLAT, DANA, GUEST, YERLAN
from tests.rights.asking import pass_of

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
LOGIN, SECOND_FACTOR_SETUP = "/account/login", "/account/two-factor"
REAUTHENTICATE, ASK_FOR_LINK = "/account/reauthenticate", "/rights/"
AUTH_PAGES = {LOGIN, SECOND_FACTOR_SETUP, REAUTHENTICATE}
VIEW_CHECKS = {"accounts.switch_off"}  # endpoints whose view itself refuses staff
REFUSES_BLOCKED = {"erasure.own_destroy", "erasure.own_confirm"}  # a press blocked the data


@dataclass(frozen=True)
class Role:
    """A role: nobody, a customer, or a member of staff."""

    name: str
    signed_in: bool = True
    staff: bool = False
    held: tuple[Permission, ...] = ()
    factor: bool = True
    has_pass: bool = False


ANONYMOUS = Role("nobody", signed_in=False)
GUEST_WITH_PASS = Role("guest with a pass", signed_in=False, has_pass=True)
CUSTOMER, OTHER = Role("customer", factor=False), Role("other customer", factor=False)
MFA_PENDING = Role(
    "staff without a second factor", staff=True, held=(*Permission,), factor=False
)
ALL_PERMISSIONS = Role("staff with everything", staff=True, held=(*Permission,))
EACH = [Role(f"staff for {one}", staff=True, held=(one,)) for one in Permission]
READERS = [ANONYMOUS, GUEST_WITH_PASS, CUSTOMER, ALL_PERMISSIONS]
ROLES = [ANONYMOUS, GUEST_WITH_PASS, CUSTOMER, OTHER, MFA_PENDING, ALL_PERMISSIONS, *EACH]


def expected(rule: Rule, role: Role) -> str | int | None:
    """Return the redirect target or error status of `role`; None: access is granted."""
    if rule.who is Who.PUBLIC:
        return None
    if rule.who is Who.PASS:
        return None if role.has_pass else ASK_FOR_LINK
    if not role.signed_in:
        return LOGIN
    if role.staff and not role.factor and not rule.mfa_pending:
        return SECOND_FACTOR_SETUP
    if rule.who is Who.STAFF:
        permitted = rule.permission in role.held if rule.permission else role.staff
        return None if permitted else 403
    return None


def routes(app: Flask) -> Iterator[tuple[Route, str]]:
    """Yield every route with each of its methods."""
    for route in app.url_map.iter_rules():
        for method in sorted((route.methods or set()) & METHODS):
            yield route, method


@pytest.fixture
def sample(app: Flask) -> dict[str, str]:
    """A sample value for every URL argument; 1 for those not listed."""
    with writing() as session:
        email = OutboxEmail(
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
        session.add(email)
    day = edition_store.date_in_force()
    return {
        "name": "site.css",
        "day": str(day),
        "a": "2022-08-04",
        "b": str(day),
        "token": "0" * 43,
        # The first person and the first email; the person is made before any role.
        "number": "1",
        "record": "1",
        "dimension": "path",
        "kind": "csv",
    }


@pytest.fixture
def sign_in(app: Flask) -> Callable[[Role], FlaskClient]:
    """Sign a role in again before each request: some routes sign people out."""
    numbers: dict[str, int] = {}
    first = desk.person(BOLAT)
    assert first == 1

    def signed_in(role: Role) -> FlaskClient:
        browser = app.test_client()
        if not role.signed_in:
            with browser.session_transaction() as kept:
                kept["csrf_token"] = desk.RAW
                if role.has_pass:
                    kept["pass"] = pass_of(GUEST)
            return browser
        if role.name not in numbers:
            who = {"customer": AIGERIM, "other customer": YERLAN}.get(role.name, DANA)
            made = desk.member(who, *role.held, second_factor=role.factor)
            numbers[role.name] = made
        desk.sign_in(browser, numbers[role.name], second_factor=role.factor)
        return browser

    return signed_in


def address(app: Flask, route: Route, sample: dict[str, str]) -> str:
    with app.test_request_context():
        values: dict[str, Any] = {name: sample.get(name, "1") for name in route.arguments}
        if route.endpoint == "policy.clause":
            values["number"] = "6.2"
        if route.endpoint == "catalog.photo":
            values["kind"] = "webp"
        return app.url_for(route.endpoint, **values)


def send(app: Flask, browser: FlaskClient, method: str, path: str) -> TestResponse:
    headers = {"Sec-Fetch-Site": "same-origin", "Referer": "http://localhost/before"}
    if method == "GET":
        return browser.get(path, headers=headers)
    return browser.open(path, method=method, data=desk.form(app), headers=headers)


@pytest.mark.parametrize(
    ("lend_databases", "role"),
    [*(("sqlite", role) for role in ROLES), ("postgresql", ALL_PERMISSIONS)],
    indirect=["lend_databases"],
    ids=lambda one: getattr(one, "name", one),
)
@pytest.mark.slow
@pytest.mark.situation(23, of="rights")
def test_every_role_gets_what_the_rules_say(
    app: Flask, sample: dict[str, str], sign_in: Callable[[Role], FlaskClient], role: Role
) -> None:
    for route, method in routes(app):
        rule, path = authorisation.rules(app)[route.endpoint], address(app, route, sample)
        answer = send(app, sign_in(role), method, path)
        wanted = expected(rule, role)
        where = answer.headers.get("Location", "")
        report = f"{method} {path}: {answer.status_code} {where}"
        assert answer.status_code < 500, report
        if isinstance(wanted, str):
            assert answer.status_code == 303, report
            assert where.partition("?")[0] == wanted, report
        elif wanted is not None:
            assert answer.status_code == wanted, report
        else:
            refused = answer.status_code == 403 and not (
                (route.endpoint in VIEW_CHECKS and role.staff)
                or route.endpoint in REFUSES_BLOCKED
            )
            assert not refused, report
            # Authorisation adds `next`; redirects of views do not.
            redirected = "next=" in where and where.partition("?")[0] in AUTH_PAGES
            assert rule.who is Who.PUBLIC or not redirected, report


@SQLITE
@pytest.mark.parametrize("role", [ANONYMOUS, ALL_PERMISSIONS], ids=lambda role: role.name)
@pytest.mark.slow
def test_a_wrong_method_is_refused_everywhere(
    app: Flask, sample: dict[str, str], sign_in: Callable[[Role], FlaskClient], role: Role
) -> None:
    router, browser = app.url_map.bind("localhost"), sign_in(role)
    paths = {address(app, route, sample) for route in app.url_map.iter_rules()}
    for path in sorted(paths):
        for method in METHODS - set(router.allowed_methods(path)):
            answer = send(app, browser, method, path)
            assert answer.status_code == 405, f"{method} {path}"
            assert "Allow" in answer.headers, path


def row_counts() -> dict[str, int]:
    """Return how many rows each table has, by a text: such a select is slow to compile."""
    db.session.rollback()
    tables = db.metadatas[None].tables
    counts = (f'(SELECT count(*) FROM "{one}") AS "{one}"' for one in tables)  # noqa: S608
    return dict(db.session.execute(text(f"SELECT {', '.join(counts)}")).mappings().one())


@pytest.mark.parametrize("role", READERS, ids=lambda role: role.name)
@pytest.mark.slow
def test_reading_changes_nothing(
    app: Flask, sample: dict[str, str], sign_in: Callable[[Role], FlaskClient], role: Role
) -> None:
    """GET and HEAD neither add nor delete rows (V3.5.3)."""
    browser = sign_in(role)
    before = row_counts()
    for route, method in routes(app):
        if method == "GET":
            path = address(app, route, sample)
            browser.get(path)
            browser.head(path)
            assert row_counts() == before, path


def test_an_old_sign_in_is_asked_for_the_password(
    app: Flask, sample: dict[str, str]
) -> None:
    desk.person(BOLAT)
    number = desk.member(DANA, *Permission)
    checked = 0
    for route, method in routes(app):
        rule = authorisation.rules(app)[route.endpoint]
        if rule.recently_authenticated:
            browser = desk.signed_in(app, number, recent=False)
            answer = send(app, browser, method, address(app, route, sample))
            assert answer.status_code == 303
            assert answer.headers["Location"].partition("?")[0] == REAUTHENTICATE, (
                route.rule
            )
            checked += 1
    assert checked > 5


def test_a_revoked_permission_ends_with_the_next_request(app: Flask) -> None:
    """Permissions are read at every request (TOB-PYPI26-13)."""
    number = desk.member(DANA, Permission.PRIVACY)
    browser = desk.signed_in(app, number)
    assert browser.get("/admin/journal/").status_code == 200
    with writing() as session:
        grants.change(session, number, (), by=None)
    assert browser.get("/admin/journal/").status_code == 303
    desk.sign_in(browser, number)
    assert browser.get("/admin/journal/").status_code == 403


@SQLITE
def test_every_admin_page_is_for_staff(app: Flask) -> None:
    paths, rules = app.url_map.iter_rules(), authorisation.rules(app)
    found = [r.endpoint for r in paths if r.rule.startswith("/admin")]
    assert found
    assert [one for one in found if rules[one].who is not Who.STAFF] == []


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
def test_the_start_checks_the_rules(settings: Settings) -> None:
    silent = tuple(
        replace(feature, access={}) if feature.name == "catalog" else feature
        for feature in FEATURES
    )
    with pytest.raises(UndeclaredRouteError, match=r"catalog\.home"):
        create_app(settings, silent)
