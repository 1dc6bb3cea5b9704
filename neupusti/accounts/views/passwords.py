"""Changing the password, and resetting it by a link."""

import time

from flask import make_response, render_template, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from neupusti.accounts import forms
from neupusti.accounts.models import Person
from neupusti.accounts.service import recovery
from neupusti.accounts.service.errors import AccountError
from neupusti.accounts.views import login
from neupusti.accounts.views.blueprint import (
    DEVICE,
    bp,
    client_context,
    done_message,
    network,
    pad_response_time,
    redirect_to,
    without_referrer,
)
from neupusti.core.data.database import db
from neupusti.core.forms.base import shown
from neupusti.core.security import identity
from neupusti.core.text import languages
from neupusti.core.web import cookies


@bp.route("/account/password", methods=["GET", "POST"])
def password() -> Response:
    """Change the password by the current one; every other device is signed out."""
    form = forms.ChangePasswordForm()
    person = identity.me()
    if form.validate_on_submit():
        try:
            key = recovery.change(
                person.session, person.person, form.current.data, form.password.data
            )
        except AccountError as error:
            form.refuse(error.field, str(error.message))
        else:
            login.renew(key)
            return login.forget_remembered(redirect_to("password", done="changed"))
    min_length = recovery.min_length_for(person.person)
    return shown(
        "accounts/password.html",
        form,
        min_length=min_length,
        username=db.session.get_one(Person, person.person).email,
        done=done_message(),
    )


@bp.route("/account/password/reset", methods=["GET", "POST"])
def ask_reset() -> Response:
    """Send a reset link; the response does not depend on who has the address."""
    started = time.monotonic()
    form = forms.ResetRequestForm()
    if form.validate_on_submit():
        recovery.request_reset(
            form.email.data, languages.current(), client_context(), network()
        )
        pad_response_time(started)
        return redirect_to("reset_sent")
    return shown("accounts/ask_reset.html", form)


@bp.get("/account/password/reset/sent")
def reset_sent() -> Response:
    """Show that an e-mail was sent."""
    return make_response(render_template("accounts/sent.html", reset=True))


@bp.route("/account/password/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> Response:
    """Set the password by an e-mailed link; the second factor stays."""
    form = forms.NewPasswordForm()
    try:
        person = recovery.person_by_token(token)
        if form.validate_on_submit():
            device = recovery.reset(token, form.password.data, client_context())
            response = login.end(redirect_to("login", done="reset"))
            cookies.put(response, DEVICE, device)
            return response
    except AccountError as error:
        form.refuse(error.field, str(error.message))
    page = shown(
        "accounts/reset.html",
        form,
        min_length=recovery.min_length_for(person.id),
        token=token,
        username=person.email,
        done=done_message(),
    )
    return without_referrer(page)


@bp.get("/.well-known/change-password")
def change_password() -> Response:
    """Redirect password managers (W3C, A Well-Known URL for Changing Passwords)."""
    return redirect(url_for("accounts.password"), 303)
