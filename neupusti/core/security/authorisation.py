"""Enforce the access rules before every view (V8.1.1).

The rules come from the manifests (`Feature.access`). An endpoint without one stops the
start (V8.2.1); one added later is forbidden. tests/contracts/test_access_matrix.py is
generated from the same rules.
"""

import logging
from collections.abc import Mapping
from typing import NoReturn, cast

from flask import Flask, abort, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from neupusti.core.data import reading
from neupusti.core.feature import MenuItem
from neupusti.core.registry import registry
from neupusti.core.rules import Rule, Who
from neupusti.core.security import grants, identity, kept
from neupusti.core.security.identity import Identity
from neupusti.core.web import redirects

logger = logging.getLogger(__name__)
EXTENSION = "neupusti.authorisation"
SAFE_METHODS = frozenset({"GET", "HEAD"})
SIGN_IN = "accounts.login"
SECOND_FACTOR_SETUP = "accounts.two_factor"
"""The page for staff without a second factor."""
REAUTHENTICATE = "accounts.reauthenticate"
"""The page that asks for the password again."""
ASK_FOR_LINK = "rights.ask"
"""The page that e-mails a link to whoever has no account."""


class UndeclaredRouteError(RuntimeError):
    """A route has no access rule, or a rule no route."""


def install(app: Flask, access: Mapping[str, Rule]) -> None:
    """Enforce `access` before every view of `app`; raise UndeclaredRouteError."""
    app.extensions[EXTENSION] = dict(access)
    app.before_request(_enforce)
    app.teardown_request(lambda _error: reading.only_in_use(wanted=False))
    app.jinja_env.globals |= {"signed_in": identity.current, "staff_menu": menu}
    check(app)


def check(app: Flask) -> None:
    """Raise UndeclaredRouteError where a route has no rule, or a rule has no route."""
    endpoints, with_rule = {r.endpoint for r in app.url_map.iter_rules()}, rules(app).keys()
    if missing := sorted(endpoints - with_rule):
        raise UndeclaredRouteError(
            f"No rule says who may call {', '.join(missing)}: add it to `access` of the "
            f"feature's manifest."
        )
    if unknown := sorted(with_rule - endpoints):
        raise UndeclaredRouteError(f"Rules without a route: {', '.join(unknown)}.")


def rules(app: Flask) -> dict[str, Rule]:
    """Return endpoint -> rule as `app` enforces them."""
    return cast("dict[str, Rule]", app.extensions[EXTENSION])


def menu() -> list[MenuItem]:
    """Return the entries of the staff menu that the person of this request may open."""
    return [item for item in registry().admin_menu if may_open(item.endpoint)]


def may_open(endpoint: str) -> bool:
    """Return whether the person of this request may open a staff page."""
    person = identity.current()
    granted = grants.at_request(person.person) if person else frozenset()
    required = rules(current_app)[endpoint].permission
    return bool(granted) and (required is None or required in granted)


def counts_as_activity() -> bool:
    """Return whether this request counts as activity of the session (V7.3.1)."""
    rule = rules(current_app).get(request.endpoint or "")
    return rule is None or not rule.polling


def _enforce() -> Response | None:
    endpoint = request.endpoint
    if endpoint is None:  # not found, or method not allowed
        return None
    rule = rules(current_app).get(endpoint)
    if rule is None:
        _forbid(None)
    if rule.who is Who.PUBLIC or (rule.who is Who.PASS and identity.current_pass()):
        return None
    person = identity.current()
    if person is None or rule.who is Who.PASS:
        return _redirect_to(ASK_FOR_LINK if rule.who is Who.PASS else SIGN_IN)
    proved = rule.mfa_pending or person.second_factor
    if not proved and grants.at_request(person.person):
        return _redirect_to(SECOND_FACTOR_SETUP)
    if rule.who is Who.STAFF:
        _check_staff(person, rule)
        reading.only_in_use()
    if rule.recently_authenticated and not person.recently_authenticated:
        return _redirect_to(REAUTHENTICATE)
    return None


def _check_staff(person: Identity, rule: Rule) -> None:
    granted = grants.at_request(person.person)
    if not granted or (rule.permission is not None and rule.permission not in granted):
        _forbid(person)


def _forbid(person: Identity | None) -> NoReturn:
    fields = {"endpoint": request.endpoint, "person": person.person if person else "-"}
    logger.warning("refused", extra={"fields": fields})
    abort(403)


def _redirect_to(endpoint: str) -> Response:
    # A form is given back, or else the way back is to the page that contained it.
    here = request.script_root + request.full_path.rstrip("?")
    safe = request.method in SAFE_METHODS
    address = url_for(endpoint, next=(here if safe else redirects.back("")) or None)
    return (None if safe else kept.page(address)) or redirect(address, 303)
