"""The former address of an account agrees that its new one opens the data."""

from flask import make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from neupusti.accounts.views.blueprint import confirmation_page
from neupusti.core.forms.base import ConfirmForm, shown
from neupusti.rights.service import settling
from neupusti.rights.views.blueprint import bp


@bp.get("/rights/agree/<token>")
def open_agreement(token: str) -> Response:
    """Show one button: a GET agrees to nothing."""
    new = settling.asked(token).new
    return confirmation_page("rights/agree.html", token, new=new)


@bp.post("/rights/agree/<token>")
def agree(token: str) -> Response:
    """Let the new address open the account."""
    if not (form := ConfirmForm()).validate():
        new = settling.asked(token).new
        return shown("rights/agree.html", form, token=token, new=new)
    settling.agree(token)
    return redirect(url_for("rights.agreed"), 303)


@bp.get("/rights/agreed")
def agreed() -> Response:
    """Say that the new address may open the account."""
    return make_response(render_template("rights/agreed.html"))
