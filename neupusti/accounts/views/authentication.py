"""Signing in and out, and re-authentication."""

import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from neupusti.accounts import forms
from neupusti.accounts.models import Person
from neupusti.accounts.service import sessions, signing_in, suspensions
from neupusti.accounts.service.errors import AccountError
from neupusti.accounts.service.signing_in import SignInAttempt, SignInResult
from neupusti.accounts.views import login as login_session
from neupusti.accounts.views.blueprint import (
    DONE_MESSAGES,
    bp,
    client_context,
    done_message,
    network,
    pad_response_time,
    redirect_back,
    redirect_to,
)
from neupusti.core.data.database import db
from neupusti.core.forms.base import shown
from neupusti.core.security import identity
from neupusti.core.web import redirects

MINUTE = timedelta(minutes=1)


@bp.get("/account/login")
def login() -> Response:
    """Ask for the password, or for the code of a pending sign-in."""
    if identity.current() is not None:
        back = redirects.page(request.args.get("next"), url_for("accounts.overview"))
        if (done := request.args.get("done", "")) in DONE_MESSAGES:
            back = redirects.with_query(back, "done", done)
        return redirect(back, 303)
    if login_session.mfa_pending() is not None and "again" not in request.args:
        return _code_page(forms.CodeForm(request.args))
    return _page(forms.SignInForm(request.args))


@bp.post("/account/login")
def sign_in() -> Response:
    """Check the password, the code, or both."""
    if "password" not in request.form and "code" in request.form:
        return _check_code()
    started = time.monotonic()
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
        result = signing_in.sign_in(attempt, client_context(), network())
    except AccountError as error:
        form.refuse(error.field, str(error.message))
        page = _page(form)
        pad_response_time(started)
        return page
    return _after_sign_in(result, form.next.data, remember=form.remember.data)


@bp.route("/account/logout", methods=["GET", "POST"])
def logout() -> Response:
    """End the session on the server, which invalidates copies of its cookies.

    An address that is only opened ends nothing: a link of others could have led there.
    """
    if request.method != "POST":
        return redirect_to("overview")
    login_session.end_on_server()
    return login_session.end(redirect_to("login", done="signed-out"))


@bp.route("/account/reauthenticate", methods=["GET", "POST"])
def reauthenticate() -> Response:
    """Ask for the password again before a sensitive action (V7.5.1)."""
    form = (
        forms.ReauthenticateForm(request.args)
        if request.method == "GET"
        else forms.ReauthenticateForm()
    )
    if form.validate_on_submit():
        person = identity.me()
        try:
            key = signing_in.reauthenticate(
                person.session, person.person, form.current.data
            )
        except AccountError as error:
            form.refuse(error.field, str(error.message))
        else:
            login_session.renew(key)
            return redirect_back(form.next.data)
    username = db.session.get_one(Person, identity.me().person).email
    return shown(
        "accounts/reauthenticate.html",
        form,
        username=username,
        minutes=sessions.STEP_UP_LIFE // MINUTE,
    )


def _check_code() -> Response:
    form = forms.CodeForm()
    if login_session.mfa_pending() is None:
        target = redirects.own(form.next.data, "") or None
        return redirect_to("login", next=target, done="late")
    if not form.validate():
        return _code_page(form)
    remember = form.remember.data == "y"
    try:
        result = signing_in.complete_with_code(
            login_session.key(),
            form.code.data,
            client_context().cookie,
            remember=remember,
        )
    except AccountError as error:
        form.refuse("code", str(error.message))
        return _code_page(form)
    return _after_sign_in(result, form.next.data, remember=remember)


def _after_sign_in(
    result: SignInResult, address: str | None, *, remember: bool
) -> Response:
    if not result.mfa_pending:
        return login_session.begin(redirect_back(address), result.opened)
    # The state of the next step is in its address: nothing in it is secret.
    query: dict[str, Any] = {"remember": "y"} if remember else {}
    if target := redirects.own(address, ""):
        query["next"] = target
    return login_session.begin(
        redirect(url_for("accounts.login", **query), 303), result.opened
    )


def _page(form: forms.SignInForm) -> Response:
    kept = _kept_query(next=form.next.data)
    return shown("accounts/login.html", form, done=done_message(), kept_query=kept)


def _code_page(form: forms.CodeForm) -> Response:
    kept = _kept_query(next=form.next.data, remember=form.remember.data)
    whom = suspensions.operator_contact()
    return shown(
        "accounts/code.html",
        form,
        kept_query=kept,
        whom=whom,
        minutes=sessions.MFA_PENDING_LIFE // MINUTE,
    )


def _kept_query(**values: str | None) -> str:
    """Return what the link to another language keeps of a form."""
    kept = {name: value for name, value in values.items() if value}
    return f"?{urlencode(kept)}" if kept else ""
