"""The block of an account: asked for on a page of its own, with a reason."""

from collections.abc import Callable

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response

from neupusti.accounts.models import Person
from neupusti.accounts.service import suspensions as facts
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
"""What the address may say was just done."""


@bp.get(f"/people/{ROW}/blocks")
def suspensions(number: int) -> Response:
    """Tell whether an account is blocked; ask why it shall be, or why no longer.

    The page names nobody: who it is, and why, stands on the page that asks what for.
    """
    return _page(number, SuspendForm(formdata=None))


@bp.post(f"/people/{ROW}/blocks")
def suspend(number: int) -> Response:
    """Block an account; all its sessions end at once, and its owner is told."""
    return _act(number, suspending.suspend, "blocked")


@bp.post(f"/people/{ROW}/releases")
def reinstate(number: int) -> Response:
    """Lift the block of an account."""
    return _act(number, suspending.reinstate, "released")


def _act(number: int, act: Callable[..., bool], done: str) -> Response:
    form = SuspendForm()
    if not form.validate():
        return _page(number, form)
    try:
        with writing() as session:
            known = act(session, number, by=me(), reason=str(form.reason.data))
    except AccountError as fault:
        form.refuse(fault.field, str(fault.words))
        return _page(number, form)
    if not known:
        abort(404)
    return redirect(url_for("staff.suspensions", number=number, done=done), 303)


def _page(number: int, form: SuspendForm) -> Response:
    if db.session.get(Person, number) is None:
        abort(404)
    done = request.args.get("done", "")
    return shown(
        "staff/block.html",
        form,
        number=number,
        block=facts.in_force(number),
        names=queries.names(),
        opens=authorisation.may_open("staff.person"),
        own=number == me(),
        done=done if done in DONE else "",
    )
