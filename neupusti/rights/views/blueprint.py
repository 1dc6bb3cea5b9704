"""The blueprint of rights; its pages for an account and for a pass are the same views."""

from collections.abc import Callable
from typing import Any, cast

from flask import Blueprint, Flask, request, session, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.accounts.models import Person
from neupusti.accounts.views.blueprint import without_referrer
from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.security import identity
from neupusti.core.security.identity import Pass
from neupusti.core.security.tokens import TokenError
from neupusti.core.text import languages
from neupusti.core.web import errors
from neupusti.rights.service import asking
from neupusti.rights.service.requests import Asker

bp = Blueprint("rights", __name__)
KEY = "pass"
"""The secret of a pass, in the session cookie."""
OWN = "own_"
"""What the endpoints of an account begin with."""
GUEST, ACCOUNT = "/rights/data/", "/account/data/"
LISTED = "rights.ask"
"""The only page that search engines may list."""
View = Callable[..., Response]


def both(path: str, name: str, *methods: str, on: Blueprint = bp) -> Callable[[View], View]:
    """Register a view below `/rights/data/` for a pass, and for the owner of an account."""

    def register(view: View) -> View:
        for start, begins in ((GUEST, ""), (ACCOUNT, OWN)):
            on.add_url_rule(start + path, f"{begins}{name}", view, methods=methods)
        return view

    return register


def here(name: str, *, on: Blueprint = bp, **values: Any) -> str:
    """Return the address of a page of the same entrance as this one."""
    begins = OWN if _is_own() else ""
    return url_for(f"{on.name}.{begins}{name}", **values)


def asker() -> Asker:
    """Return who asks, on a route for the owner of an account or of a pass."""
    return asker_of_account() if _is_own() else asker_of_pass()


def asker_of_account() -> Asker:
    """Return who asks, on a route for the owner of an account."""
    person = db.session.get_one(Person, identity.me().person)
    return Asker(
        person=person.id,
        email=person.email,
        email_key=person.email_key,
        language=languages.current(),
        received_at=clock.now(),
    )


def asker_of_pass() -> Asker:
    """Return who asks, on a route for the owner of a pass."""
    found = identity.current_pass()
    if found is None:
        raise RuntimeError(f"{request.endpoint} is open to those without a pass")
    return Asker(
        person=None,
        email=found.email,
        email_key=found.email_key,
        language=languages.current(),
        received_at=found.asked_at,
    )


def _is_own() -> bool:
    return (request.endpoint or "").partition(".")[2].startswith(OWN)


@bp.record_once
def _install(state: BlueprintSetupState) -> None:
    identity.install_pass(cast("Flask", state.app), _pass)


def _pass() -> Pass | None:
    text = session.get(KEY)
    return asking.find_pass(text) if text else None


@bp.after_request
def _private(response: Response) -> Response:
    if request.endpoint != LISTED:
        response.headers["X-Robots-Tag"] = "noindex"
    return response


@bp.errorhandler(TokenError)
def _token_error(_error: TokenError) -> Response:
    """Answer 404 for any invalid link, without the reason."""
    text = _("This link no longer works: it was used, or its half hour is over. Ask again.")
    return without_referrer(errors.page(404, text))
