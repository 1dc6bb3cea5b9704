"""Changing the e-mail of the account, and undoing it (3.2.3)."""

import time

from werkzeug.wrappers import Response

from neupusti.accounts import forms
from neupusti.accounts.models import Person
from neupusti.accounts.service import addresses
from neupusti.accounts.service.errors import AccountError
from neupusti.accounts.views import login
from neupusti.accounts.views.blueprint import (
    bp,
    client_context,
    confirmation_page,
    network,
    pad_response_time,
    redirect_to,
    without_referrer,
)
from neupusti.core.data.database import db
from neupusti.core.forms.base import shown
from neupusti.core.security import identity
from neupusti.core.text import emails


@bp.route("/account/email", methods=["GET", "POST"])
def email() -> Response:
    """Request another address; the response does not depend on who has it."""
    started = time.monotonic()
    form = forms.ChangeEmailForm()
    me = identity.me()
    if form.validate_on_submit():
        where = (client_context().device, network())
        try:
            addresses.request_change(me.person, form.email.data, form.current.data, where)
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
    addresses.confirm(identity.me().person, token, client_context().device)
    return redirect_to("profile", done="email-changed")


@bp.get("/account/email/undo/<token>")
def undo_email(token: str) -> Response:
    """Ask to confirm undoing the change."""
    change = addresses.undoable_by_token(token)
    new = emails.masked(change.new)
    return confirmation_page("accounts/undo_email.html", token, change=change, new=new)


@bp.post("/account/email/undo/<token>")
def restore_email(token: str) -> Response:
    """Restore the old address, and ask for a new password."""
    reset_token = addresses.undo(token, client_context().device)
    if reset_token is None:
        return login.end(redirect_to("login", done="email-undone-blocked"))
    return without_referrer(
        login.end(redirect_to("reset", token=reset_token, done="email-undone"))
    )
