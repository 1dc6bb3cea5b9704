"""Signing in and out, proving oneself again, and "this was not me"."""

import time
from typing import Any

from flask import request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from neupusti.accounts import forms
from neupusti.accounts.models import Person
from neupusti.accounts.service import recovery, signing_in
from neupusti.accounts.service.errors import AccountError
from neupusti.accounts.service.signing_in import SignInAttempt, SignInResult
from neupusti.accounts.views import login as signed
from neupusti.accounts.views.blueprint import (
    asked,
    back,
    bp,
    client_context,
    done,
    network,
    pad_response_time,
    to,
)
from neupusti.core.data.database import db
from neupusti.core.forms.base import shown
from neupusti.core.security import identity, tokens
from neupusti.core.web import redirects


@bp.get("/account/login")
def login() -> Response:
    """Ask for the password, or for the code if that is what is missing."""
    if identity.current() is not None:
        return back(request.args.get("next"))
    if signed.mfa_pending() is not None and "again" not in request.args:
        return _code_page(forms.CodeForm(request.args))
    return _page(forms.SignInForm(request.args))


@bp.post("/account/login")
def sign_in() -> Response:
    """Take the password, the code, or both at once."""
    if "password" not in request.form and "code" in request.form:
        return _second_step()
    begun = time.monotonic()
    form = forms.SignInForm()
    if not form.validate():
        return _page(form)
    attempt = SignInAttempt(
        email=form.email.data,
        password=form.password.data,
        remember=form.remember.data,
        code=form.code.data or "",
    )
    try:
        entered = signing_in.sign_in(attempt, client_context(), network())
    except AccountError as fault:
        form.refuse(fault.field, str(fault.words))
        page = _page(form)
        pad_response_time(begun)
        return page
    return _entered(entered, form.next.data, remember=form.remember.data)


@bp.post("/account/logout")
def logout() -> Response:
    """End this sign-in at the server; a copy of its cookie opens nothing."""
    person = identity.current()
    if person is not None:
        signing_in.sign_out(person.session, person.person)
    return signed.end(to("login", done="signed-out"))


@bp.route("/account/reauthenticate", methods=["GET", "POST"])
def reauthenticate() -> Response:
    """Ask for the password once more before a dangerous act (V7.5.1)."""
    form = (
        forms.ReauthenticateForm(request.args)
        if request.method == "GET"
        else forms.ReauthenticateForm()
    )
    if form.validate_on_submit():
        person = identity.me()
        try:
            key = signing_in.prove(person.session, person.person, form.current.data)
        except AccountError as fault:
            form.refuse(fault.field, str(fault.words))
        else:
            signed.renew(key)
            return back(form.next.data)
    username = db.session.get_one(Person, identity.me().person).email
    return shown("accounts/reauthenticate.html", form, username=username)


@bp.get("/account/not-me/<token>")
def not_me(token: str) -> Response:
    """Say what "this was not me" does."""
    tokens.peek(signing_in.NOT_ME, token)
    return asked("accounts/not_me.html", token)


@bp.post("/account/not-me/<token>")
def lock(token: str) -> Response:
    """Lock the account at its owner's word (5.5)."""
    recovery.not_me(token, client_context().device)
    return signed.end(to("login", done="locked"))


def _second_step() -> Response:
    form = forms.CodeForm()
    if signed.mfa_pending() is None:
        return to("login", next=redirects.own(form.next.data, ""))
    if not form.validate():
        return _code_page(form)
    remember = form.remember.data == "y"
    try:
        entered = signing_in.pass_code(signed.key(), form.code.data, remember=remember)
    except AccountError as fault:
        form.refuse("code", str(fault.words))
        return _code_page(form)
    return _entered(entered, form.next.data, remember=remember)


def _entered(entered: SignInResult, address: str | None, *, remember: bool) -> Response:
    if not entered.mfa_pending:
        return signed.begin(back(address), entered.opened)
    # What the second step must know travels in its address: nothing in it is secret.
    told: dict[str, Any] = {"remember": "y"} if remember else {}
    if kept := redirects.own(address, ""):
        told["next"] = kept
    return signed.begin(redirect(url_for("accounts.login", **told), 303), entered.opened)


def _page(form: forms.SignInForm) -> Response:
    return shown("accounts/login.html", form, done=done())


def _code_page(form: forms.CodeForm) -> Response:
    return shown("accounts/code.html", form)
