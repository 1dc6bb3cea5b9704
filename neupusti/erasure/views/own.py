"""Destroy one's own data: the preview, the button, the undo (6.1.3)."""

from flask import redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.accounts.views.blueprint import confirmation_page, without_referrer
from neupusti.core.forms.base import ConfirmForm, shown
from neupusti.core.security import identity
from neupusti.erasure.forms import DestroyForm
from neupusti.erasure.models import State
from neupusti.erasure.service import asking
from neupusti.erasure.service.errors import ChangedError, ErasureError
from neupusti.erasure.views.blueprint import bp
from neupusti.rights.service.requests import Asker
from neupusti.rights.views.blueprint import asker_of_account, asker_of_pass

GUEST, ACCOUNT = "/rights/destroy", "/account/data/destroy"
LINK = "/rights/undo/<token>"


@bp.get(GUEST)
def destroy() -> Response:
    """Show what would be destroyed, to the owner of a pass."""
    return _page(asker_of_pass())


@bp.get(ACCOUNT)
def own_destroy() -> Response:
    """Show what would be destroyed, to the owner of an account."""
    return _page(asker_of_account())


@bp.post(GUEST)
def confirm() -> Response:
    """Confirm the destruction of what is kept under the address of a pass."""
    return _confirm(asker_of_pass(), "erasure.destroy")


@bp.post(ACCOUNT)
def own_confirm() -> Response:
    """Confirm the destruction of an account and of all that is kept with it."""
    return _confirm(asker_of_account(), "erasure.own_destroy")


@bp.post(f"{GUEST}/undo")
def undo() -> Response:
    """Undo it, for the owner of a pass."""
    return _undo(asker_of_pass(), "erasure.destroy")


@bp.post(f"{ACCOUNT}/undo")
def own_undo() -> Response:
    """Undo it, for the owner of an account."""
    return _undo(asker_of_account(), "erasure.own_destroy")


@bp.get(LINK)
def open_link(token: str) -> Response:
    """Show one button: scanners of e-mails follow links, so a GET undoes nothing."""
    found = asking.of_token(token)
    can_be_undone = found.state in {State.ASKED, State.CONFIRMED}
    return confirmation_page(
        "erasure/undo.html", token, erasure=found, can_be_undone=can_be_undone
    )


@bp.post(LINK)
def undo_by_link(token: str) -> Response:
    """Undo a destruction by the link of its e-mail."""
    is_undone = asking.of_token(token).state == State.UNDONE  # the second press
    if is_undone or not ConfirmForm().validate():
        return open_link(token)
    asking.undo_by_link(token)
    return without_referrer(_undone())


def _page(one: Asker, problem: str = "", status: int = 200) -> Response:
    """Show the preview, or what is confirmed already and how to undo it."""
    form, pending = DestroyForm(formdata=None), asking.pending(one.whose)
    plan = None
    if pending is None:
        try:
            plan = asking.preview(one.whose)
            form.seen.data = plan.fingerprint
        except ErasureError as error:
            problem, status = str(error.message), error.status
    page = shown(
        "erasure/destroy.html",
        form,
        asker=one,
        plan=plan,
        pending=pending,
        problem=problem,
        has_account=one.person is not None,
    )
    page.status_code = status
    return page


def _confirm(one: Asker, page: str) -> Response:
    form = DestroyForm()
    if not form.validate():
        return _page(one)
    me = identity.current()
    try:
        asking.confirm(one, form.seen.data or "", me.session if me else None)
    except ErasureError as error:
        if asking.pending(one.whose) is None:  # else the button was pressed twice
            if not isinstance(error, ChangedError):
                raise
            return _page(one, str(error.message), error.status)
    return redirect(url_for(page), 303)


def _undo(one: Asker, page: str) -> Response:
    if not ConfirmForm().validate():
        return _page(one)
    found = asking.pending(one.whose)
    if found is None:
        return redirect(url_for(page), 303)
    asking.undo(found.id, one.actor)
    return _undone()


def _undone() -> Response:
    text = _("It is undone: nothing is destroyed, and everything is as it was.")
    page = render_template("erasure/undone.html", text=text)
    return Response(page, mimetype="text/html")
