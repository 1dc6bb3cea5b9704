"""Forms of an earlier sign-in: a second tab, a page that outlived the sign-out."""

from flask import current_app, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from neupusti.accounts.views.blueprint import bp, redirect_back, redirect_to
from neupusti.core.rules import Who
from neupusti.core.security import authorisation, identity, kept
from neupusti.core.web import errors, redirects

SIGN_IN, SIGN_OUT = "accounts.sign_in", "accounts.logout"


@bp.app_errorhandler(CSRFError)
def csrf_error(_error: CSRFError) -> Response:
    """Lead a form of an earlier sign-in on; explain what else is wrong (3.3.1)."""
    if (response := _lead_on()) is not None:
        return response
    return kept.page() or errors.page(
        400,
        _("The form was opened too long ago or in another sign-in. Open it again."),
    )


def _lead_on() -> Response | None:
    """Return where the sender of a stale form can go on; nothing of it is carried out."""
    signed_in = identity.current() is not None
    if request.endpoint == SIGN_OUT:
        if signed_in:
            return redirect_to("overview")
        return redirect_to("login", done="signed-out")
    if request.endpoint == SIGN_IN:
        given = request.form.get("next")
        if signed_in:
            return redirect_back(given)
        # Without any cookie the browser may refuse them: that has a page of its own.
        return _sign_in(redirects.page(given, "")) if request.cookies else None
    rule = authorisation.rules(current_app).get(request.endpoint or "")
    if rule is None or rule.who is Who.PUBLIC or signed_in:
        return None
    back = redirects.nearest(request.script_root + request.path)
    return kept.page(url_for("accounts.login", next=back or None)) or _sign_in(back)


def _sign_in(back: str) -> Response:
    address = url_for("accounts.login", next=back or None, done="stale")
    return redirect(address, 303)
