"""My account was broken into: a page of an account with one button (5.5)."""

from flask import make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from neupusti.accounts.views import login
from neupusti.accounts.views.blueprint import client_context
from neupusti.core.forms.base import ConfirmForm, shown
from neupusti.core.security import identity
from neupusti.rights.service import emergency
from neupusti.rights.views.blueprint import bp


@bp.get("/rights/emergency")
def emergency_page() -> Response:
    """Say what the button does."""
    return shown("rights/emergency.html", ConfirmForm())


@bp.post("/rights/emergency")
def declare_emergency() -> Response:
    """Shut the account and block its data; this browser is signed out as all others."""
    if not (form := ConfirmForm()).validate():
        return shown("rights/emergency.html", form)
    emergency.declare(identity.me().person, client_context().device)
    return login.end(redirect(url_for("rights.emergency_over"), 303))


@bp.get("/rights/emergency/done")
def emergency_over() -> Response:
    """Say what was done, and how to go on."""
    return make_response(render_template("rights/emergency_over.html"))
