"""Who may open what: the one table of the site (V8.1.1), enforced before every view.

An endpoint that stands nowhere in it stops the start (V8.2.1); one that slips in later is
refused. The test of the whole matrix, tests/contracts/test_access_matrix.py, is made of
this table.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NoReturn, cast

from flask import Flask, abort, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from neupusti.core.feature import MenuItem
from neupusti.core.registry import registry
from neupusti.core.security import grants, identity, permission
from neupusti.core.security.identity import Identity
from neupusti.core.security.permission import Permission
from neupusti.core.web import redirects

logger = logging.getLogger(__name__)
EXTENSION = "neupusti.authorisation"
SAFE = frozenset({"GET", "HEAD"})
SIGN_IN = "accounts.login"
SET_UP = "accounts.two_factor"
"""Where staff are sent who have no second factor yet."""
PROVE = "accounts.reauthenticate"
"""Where whoever signed in a while ago is asked for the password again."""


class Who(StrEnum):
    """Whom a route is for."""

    PUBLIC = "everybody"
    SIGNED_IN = "whoever is signed in"
    OWNER = "whoever is signed in, and finds there only what is their own"
    STAFF = "staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the table."""

    who: Who
    permission: Permission | None = None
    """What a member of staff must hold; None: any permission will do."""
    half: bool = False
    """Open to staff who have not set up their second factor yet."""
    fresh: bool = False
    """Asks for the password again (V7.5.1)."""
    by_itself: bool = False
    """Comes anew by itself: that it is asked for shows nobody at the desk (V7.3.1)."""


PUBLIC = Rule(who=Who.PUBLIC)
SIGNED_IN = Rule(who=Who.SIGNED_IN)
OWNER = Rule(who=Who.OWNER)
HALF = replace(OWNER, half=True)
FRESH = replace(HALF, fresh=True)
ANY_STAFF = Rule(who=Who.STAFF)
STATISTICS, ORDERS, CONTENT, PRIVACY, STAFF = (
    Rule(who=Who.STAFF, permission=one) for one in Permission
)

TABLE: Mapping[str, Rule] = {
    "statistics.address": STATISTICS,
    "statistics.addresses": STATISTICS,
    "statistics.export_list": STATISTICS,
    "statistics.export_series": STATISTICS,
    "statistics.listing": STATISTICS,
    "statistics.live": replace(STATISTICS, by_itself=True),
    "statistics.log": STATISTICS,
    "statistics.overview": STATISTICS,
    "statistics.problems": STATISTICS,
    "statistics.take_log": replace(STATISTICS, fresh=True),
    "statistics.unmask": STATISTICS,
    "accounts.activity": OWNER,
    "accounts.ask_reset": PUBLIC,
    "accounts.avatar": OWNER,
    "accounts.change_avatar": OWNER,
    "accounts.change_password": PUBLIC,
    "accounts.change_profile": OWNER,
    "accounts.confirm": PUBLIC,
    "accounts.confirm_email": OWNER,
    "accounts.confirm_factor": FRESH,
    "accounts.consents": OWNER,
    "accounts.email": OWNER,
    "accounts.end_sessions": OWNER,
    "accounts.lock": PUBLIC,
    "accounts.login": PUBLIC,
    "accounts.logout": PUBLIC,
    "accounts.new_codes": FRESH,
    "accounts.new_email": OWNER,
    "accounts.not_me": PUBLIC,
    "accounts.overview": OWNER,
    "accounts.password": HALF,
    "accounts.picture": FRESH,
    "accounts.profile": OWNER,
    "accounts.reauthenticate": HALF,
    "accounts.recovery_codes": FRESH,
    "accounts.register": PUBLIC,
    "accounts.registered": PUBLIC,
    "accounts.reset": PUBLIC,
    "accounts.reset_sent": PUBLIC,
    "accounts.restore_email": PUBLIC,
    "accounts.sessions_page": OWNER,
    "accounts.settle": PUBLIC,
    "accounts.sign_in": PUBLIC,
    "accounts.still_right": OWNER,
    "accounts.switch_off": FRESH,
    "accounts.two_factor": FRESH,
    "accounts.undo_email": PUBLIC,
    "accounts.withdraw": OWNER,
    "admin.ask_letter": PRIVACY,
    "admin.board": ANY_STAFF,
    "admin.export": replace(PRIVACY, fresh=True),
    "admin.journal": PRIVACY,
    "admin.mail": PRIVACY,
    "admin.open_letter": PRIVACY,
    "assets.serve": PUBLIC,
    "catalog.home": PUBLIC,
    "consent.choose": PUBLIC,
    "consent.erased": PUBLIC,
    "consent.gpc": PUBLIC,
    "consent.receipt_json": PUBLIC,
    "consent.show": PUBLIC,
    "consent.show_receipt": PUBLIC,
    "consent.statistics": PRIVACY,
    "policy.choose": PUBLIC,
    "policy.clause": PUBLIC,
    "policy.compare": PUBLIC,
    "policy.current_json": PUBLIC,
    "policy.dated": PUBLIC,
    "policy.feed": PUBLIC,
    "policy.history": PUBLIC,
    "policy.ledger": PUBLIC,
    "policy.privacy": PUBLIC,
    "policy.show": PUBLIC,
    "retention.terms": PUBLIC,
    "site.choose_theme": PUBLIC,
    "site.healthz": PUBLIC,
    "site.readyz": PUBLIC,
    "site.robots": PUBLIC,
    "site.security_txt": PUBLIC,
    "site.sitemap": PUBLIC,
    "staff.block": replace(STAFF, fresh=True),
    "staff.blocks": replace(STAFF, fresh=True),
    "staff.change_member": replace(STAFF, fresh=True),
    "staff.invite": replace(STAFF, fresh=True),
    "staff.invite_again": replace(STAFF, fresh=True),
    "staff.member": replace(STAFF, fresh=True),
    "staff.members": STAFF,
    "staff.new_member": replace(STAFF, fresh=True),
    "staff.open_person": PRIVACY,
    "staff.people": PRIVACY,
    "staff.person": PRIVACY,
    "staff.release": replace(STAFF, fresh=True),
    "staff.search": PRIVACY,
    "staff.sign_out": PRIVACY,
    "staff.sign_out_member": replace(STAFF, fresh=True),
    "staff.write_again": PRIVACY,
}


class UndeclaredRouteError(RuntimeError):
    """A route does not say who may open it."""


def install(app: Flask) -> None:
    """Enforce the table before every view of `app`; raise UndeclaredRouteError."""
    app.extensions[EXTENSION] = dict(TABLE)
    permission.install(app, _gate)
    app.before_request(_enforce)
    app.jinja_env.globals |= {"signed_in": identity.current, "staff_menu": menu}
    check(app)


def check(app: Flask) -> None:
    """Raise UndeclaredRouteError where a route has no rule, or its view says another."""
    table = rules(app)
    if silent := sorted({r.endpoint for r in app.url_map.iter_rules()} - table.keys()):
        raise UndeclaredRouteError(
            f"No rule says who may open {', '.join(silent)}: add a line to the table "
            f"of neupusti/core/security/authorisation.py."
        )
    for endpoint, view in app.view_functions.items():
        marked = permission.of(view)
        if marked is not None and table[endpoint].permission is not marked:
            raise UndeclaredRouteError(
                f"The view of {endpoint} wants «{marked}»; the table says otherwise."
            )


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
    return rule is None or not rule.by_itself


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
    if not rule.half and not person.second_factor and grants.is_staff(person.person):
        return _to(SET_UP)
    if rule.who is Who.STAFF:
        _check_staff(person, rule)
    if rule.fresh and not person.fresh:
        return _to(PROVE)
    return None


def _check_staff(person: Identity, rule: Rule) -> None:
    if rule.permission is not None:
        permission.check(rule.permission)
    elif not grants.is_staff(person.person):
        _refuse(person)


def _gate(wanted: Permission) -> None:
    person = identity.current()
    if person is None or wanted not in grants.permissions(person.person):
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
