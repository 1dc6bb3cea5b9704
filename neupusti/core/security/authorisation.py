"""Enforce before every view who may call it (V8.1.1).

The rules come from the manifests (`Feature.access`). An endpoint without one stops the
start (V8.2.1); one that is added later is refused. tests/contracts/test_access_matrix.py
is made from the same rules.
"""

import logging
from collections.abc import Mapping
from typing import NoReturn, cast

from flask import Flask, abort, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from neupusti.core.feature import MenuItem
from neupusti.core.registry import registry
from neupusti.core.rules import Rule, Who
from neupusti.core.security import grants, identity
from neupusti.core.security.identity import Identity
from neupusti.core.web import redirects

logger = logging.getLogger(__name__)
EXTENSION = "neupusti.authorisation"
SAFE = frozenset({"GET", "HEAD"})
SIGN_IN = "accounts.login"
SET_UP = "accounts.two_factor"
"""Where staff are sent who have no second factor yet."""
PROVE = "accounts.reauthenticate"
"""Where whoever signed in a while ago is asked for the password again."""


class UndeclaredRouteError(RuntimeError):
    """A route does not say who may open it."""


def install(app: Flask, access: Mapping[str, Rule]) -> None:
    """Enforce `access` before every view of `app`; raise UndeclaredRouteError."""
    app.extensions[EXTENSION] = dict(access)
    app.before_request(_enforce)
    app.jinja_env.globals |= {"signed_in": identity.current, "staff_menu": menu}
    check(app)


def check(app: Flask) -> None:
    """Raise UndeclaredRouteError where a route has no rule, or a rule has no route."""
    endpoints, ruled = {r.endpoint for r in app.url_map.iter_rules()}, rules(app).keys()
    if missing := sorted(endpoints - ruled):
        raise UndeclaredRouteError(
            f"No rule says who may call {', '.join(missing)}: add it to `access` of the "
            f"feature's manifest."
        )
    if unknown := sorted(ruled - endpoints):
        raise UndeclaredRouteError(f"Rules without a route: {', '.join(unknown)}.")


def rules(app: Flask) -> dict[str, Rule]:
    """Return endpoint -> rule as `app` enforces them."""
    return cast("dict[str, Rule]", app.extensions[EXTENSION])


def menu() -> list[MenuItem]:
    """Return the lines of the staff menu that the person of this request may open."""
    return [item for item in registry().admin_menu if may_open(item.endpoint)]


def may_open(endpoint: str) -> bool:
    """Tell whether the member of staff of this request may open a page of the staff."""
    person = identity.current()
    held = grants.permissions(person.person) if person else frozenset()
    wanted = rules(current_app)[endpoint].permission
    return bool(held) and (wanted is None or wanted in held)


def shows_life() -> bool:
    """Tell whether this request is a sign that somebody is using their session."""
    rule = rules(current_app).get(request.endpoint or "")
    return rule is None or not rule.polling


def _enforce() -> Response | None:
    endpoint = request.endpoint
    if endpoint is None:  # there is no such page, or not for this method
        return None
    rule = rules(current_app).get(endpoint)
    if rule is None:
        _refuse(None)
    if rule.who is Who.PUBLIC:
        return None
    person = identity.current()
    if person is None:
        return _to(SIGN_IN)
    if not rule.mfa_pending and not person.second_factor and grants.is_staff(person.person):
        return _to(SET_UP)
    if rule.who is Who.STAFF:
        _check_staff(person, rule)
    if rule.recently_authenticated and not person.recently_authenticated:
        return _to(PROVE)
    return None


def _check_staff(person: Identity, rule: Rule) -> None:
    held = grants.permissions(person.person)
    if not held or (rule.permission is not None and rule.permission not in held):
        _refuse(person)


def _refuse(person: Identity | None) -> NoReturn:
    fields = {"endpoint": request.endpoint, "person": person.person if person else "-"}
    logger.warning("refused", extra={"fields": fields})
    abort(403)


def _to(endpoint: str) -> Response:
    # A form that was sent is not sent again: the way back is to the page it stood on.
    here = request.script_root + request.full_path.rstrip("?")
    back = here if request.method in SAFE else redirects.back("")
    return redirect(url_for(endpoint, next=back or None), 303)
