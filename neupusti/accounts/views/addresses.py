"""Changing the e-mail of the account (3.2.3)."""

import time

from werkzeug.wrappers import Response

from neupusti.accounts import forms
from neupusti.accounts.models import Person
from neupusti.accounts.service import addresses
from neupusti.accounts.service.errors import AccountError
from neupusti.accounts.views.blueprint import (
    bp,
    client_context,
    confirmation_page,
    pad_response_time,
    redirect_to,
)
from neupusti.core.data.database import db
from neupusti.core.forms.base import shown
from neupusti.core.security import identity


@bp.route("/account/email", methods=["GET", "POST"])
def email() -> Response:
    """Request another address; the response does not depend on who has it."""
    started = time.monotonic()
    form = forms.ChangeEmailForm()
    me = identity.me()
    if form.validate_on_submit():
        device = client_context().device
        try:
            addresses.request_change(me, form.email.data, form.current.data, device)
        except AccountError as error:
            form.refuse(error.field, str(error.message))
        else:
            pad_response_time(started)
            return redirect_to("profile", done="email-asked")
    person = db.session.get_one(Person, me.person)
    return shown("accounts/email.html", form, person=person)


@bp.get("/account/email/confirm/<token>")
def new_email(token: str) -> Response:
    """Ask to confirm the new address."""
    change = addresses.pending_by_token(identity.me().person, token)
    return confirmation_page("accounts/new_email.html", token, change=change)


@bp.post("/account/email/confirm/<token>")
def confirm_email(token: str) -> Response:
    """Confirm the new address of the account."""
    me = identity.me()
    try:
        addresses.confirm(me.person, me.session, token, client_context().device)
    except AccountError:  # the session has ended meanwhile
        return redirect_to("new_email", token=token)
    return redirect_to("profile", done="email-changed")
