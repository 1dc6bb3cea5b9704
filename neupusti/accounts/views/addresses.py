"""Another address for the account, and the way back (3.2.3)."""

import time

from werkzeug.wrappers import Response

from neupusti.accounts import forms
from neupusti.accounts.models import Person
from neupusti.accounts.service import addresses
from neupusti.accounts.service.errors import AccountError
from neupusti.accounts.views import login
from neupusti.accounts.views.blueprint import (
    asked,
    bp,
    client_context,
    network,
    pad_response_time,
    secret,
    to,
)
from neupusti.core.data.database import db
from neupusti.core.forms.base import shown
from neupusti.core.security import identity
from neupusti.core.text import emails


@bp.route("/account/email", methods=["GET", "POST"])
def email() -> Response:
    """Ask for another address; the answer is the same whoever has it."""
    begun = time.monotonic()
    form = forms.ChangeEmailForm()
    me = identity.me()
    if form.validate_on_submit():
        asking = (client_context().device, network())
        try:
            addresses.ask(me.person, form.email.data, form.current.data, asking)
        except AccountError as fault:
            form.refuse(fault.field, str(fault.words))
        else:
            pad_response_time(begun)
            return to("profile", done="email-asked")
    person = db.session.get_one(Person, me.person)
    return shown("accounts/email.html", form, person=person)


@bp.get("/account/email/confirm/<token>")
def new_email(token: str) -> Response:
    """Say which address becomes which."""
    change = addresses.asked(identity.me().person, token)
    return asked("accounts/new_email.html", token, change=change)


@bp.post("/account/email/confirm/<token>")
def confirm_email(token: str) -> Response:
    """Make the new address that of the account."""
    addresses.confirm(identity.me().person, token, client_context().device)
    return to("profile", done="email-changed")


@bp.get("/account/email/undo/<token>")
def undo_email(token: str) -> Response:
    """Say what undoing does."""
    change = addresses.changed(token)
    new = emails.masked(change.new)
    return asked("accounts/undo_email.html", token, change=change, new=new)


@bp.post("/account/email/undo/<token>")
def restore_email(token: str) -> Response:
    """Give the account back to its old address, and ask for a new password."""
    fresh = addresses.undo(token, client_context().device)
    if fresh is None:
        return login.end(to("login", done="email-undone-blocked"))
    return secret(login.end(to("reset", token=fresh, done="email-undone")))
