"""Block one's own data, and take the block back: for an account and for a pass."""

from flask import redirect, request
from werkzeug.wrappers import Response

from neupusti.blocking.forms import BlockForm
from neupusti.blocking.service import blocking
from neupusti.blocking.service.words import CAUSES
from neupusti.blocking.views.blueprint import bp
from neupusti.core.forms.base import ConfirmForm, shown
from neupusti.rights.views.blueprint import asker, both, here


@both("block", "block", "GET", on=bp)
def block() -> Response:
    """Show what a block does, or that there is one."""
    return _page(BlockForm(formdata=None))


@both("block", "start", "POST", on=bp)
def start() -> Response:
    """Block everything about who asks, from this moment."""
    form = BlockForm()
    if not form.validate():
        return _page(form)
    blocking.block(asker(), form.reason.data)
    return redirect(here("block", on=bp), 303)


@both("block/end", "end", "POST", on=bp)
def end() -> Response:
    """Take back a block that its person asked for."""
    if not (form := ConfirmForm()).validate():
        return _page(BlockForm(formdata=None), form)
    blocking.withdraw(asker())
    return redirect(here("block", on=bp, done="end"), 303)


def _page(form: BlockForm, sent: ConfirmForm | None = None) -> Response:
    who = asker()
    found = blocking.block_of(who)
    return shown(
        "blocking/own.html",
        sent or form,
        block=found,
        done=blocking.WITHDRAWN if request.args.get("done") == "end" and not found else "",
        reason=form.reason,
        causes=CAUSES,
        may_withdraw=found is not None and blocking.may_withdraw(who, found),
        here=lambda name: here(name, on=bp),
        rights=here,
    )
