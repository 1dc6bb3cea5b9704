"""Changing the password, and setting it anew by a link."""

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
    bp,
    client_context,
    done,
    network,
    pad_response_time,
    secret,
    to,
)
from neupusti.core.data.database import db
from neupusti.core.forms.base import shown
from neupusti.core.security import identity
from neupusti.core.text import languages


@bp.route("/account/password", methods=["GET", "POST"])
def password() -> Response:
    """Change the password by the old one; every other device is signed out."""
    form = forms.ChangePasswordForm()
    person = identity.me()
    if form.validate_on_submit():
        try:
            key = recovery.change(
                person.session, person.person, form.current.data, form.password.data
            )
        except AccountError as fault:
            form.refuse(fault.field, str(fault.words))
        else:
            login.renew(key)
            return login.forget_remembered(to("password", done="changed"))
    shortest = recovery.shortest_for(person.person)
    return shown(
        "accounts/password.html",
        form,
        shortest=shortest,
        username=db.session.get_one(Person, person.person).email,
        done=done(),
    )


@bp.route("/account/password/reset", methods=["GET", "POST"])
def ask_reset() -> Response:
    """Send a link to an address; the answer is the same whoever has it."""
    begun = time.monotonic()
    form = forms.ResetRequestForm()
    if form.validate_on_submit():
        recovery.ask(
            form.email.data, languages.current(), client_context().device, network()
        )
        pad_response_time(begun)
        return to("reset_sent")
    return shown("accounts/ask_reset.html", form)


@bp.get("/account/password/reset/sent")
def reset_sent() -> Response:
    """Say that a letter is on its way."""
    return make_response(render_template("accounts/sent.html", reset=True))


@bp.route("/account/password/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> Response:
    """Set the password by the link of a letter; the second step stays as it is."""
    form = forms.NewPasswordForm()
    try:
        person = recovery.whose(token)
        if form.validate_on_submit():
            recovery.reset(token, form.password.data, client_context().device)
            return login.end(to("login", done="reset"))
    except AccountError as fault:
        form.refuse(fault.field, str(fault.words))
    page = shown(
        "accounts/reset.html",
        form,
        shortest=recovery.shortest_for(person.id),
        token=token,
        username=person.email,
        done=done(),
    )
    return secret(page)


@bp.get("/.well-known/change-password")
def change_password() -> Response:
    """Lead password managers to the page (W3C, change password URL)."""
    return redirect(url_for("accounts.password"), 303)
