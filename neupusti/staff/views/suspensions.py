"""Suspending and reinstating an account, with a reason."""

from collections.abc import Callable

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response

from neupusti.accounts.models import Person
from neupusti.accounts.service import suspensions as account_suspensions
from neupusti.accounts.service.errors import AccountError
from neupusti.core.data.database import db, writing
from neupusti.core.forms.base import shown
from neupusti.core.security import authorisation
from neupusti.core.web.pagination import ROW
from neupusti.staff import queries
from neupusti.staff.forms import SuspendForm
from neupusti.staff.service import suspending
from neupusti.staff.views.blueprint import bp, me

DONE = frozenset({"blocked", "released"})
"""The values of the parameter `done`."""


@bp.get(f"/people/{ROW}/blocks")
def suspensions(number: int) -> Response:
    """Show whether an account is suspended, and the form to change that.

    The page shows no personal data: opening those needs a reason of its own.
    """
    return _page(number, SuspendForm(formdata=None))


@bp.post(f"/people/{ROW}/blocks")
def suspend(number: int) -> Response:
    """Suspend an account; its sessions end at once, and its owner is e-mailed."""
    return _perform(number, suspending.suspend, "blocked")


@bp.post(f"/people/{ROW}/releases")
def reinstate(number: int) -> Response:
    """Reinstate an account."""
    return _perform(number, suspending.reinstate, "released")


def _perform(number: int, action: Callable[..., bool], done: str) -> Response:
    form = SuspendForm()
    if not form.validate():
        return _page(number, form)
    try:
        with writing() as session:
            known = action(session, number, by=me(), reason=str(form.reason.data))
    except AccountError as error:
        form.refuse(error.field, str(error.message))
        return _page(number, form)
    if not known:
        abort(404)
    return redirect(url_for("staff.suspensions", number=number, done=done), 303)


def _page(number: int, form: SuspendForm) -> Response:
    if db.session.get(Person, number) is None:
        abort(404)
    done = request.args.get("done", "")
    return shown(
        "staff/suspension.html",
        form,
        number=number,
        suspension=account_suspensions.in_force(number),
        names=queries.names(),
        may_open_person=authorisation.may_open("staff.person"),
        own=number == me(),
        done=done if done in DONE else "",
    )
