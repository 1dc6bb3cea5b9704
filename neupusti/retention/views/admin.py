"""Rules and holds for staff: what is kept past its term, and why."""

from collections.abc import Callable

from flask import redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from neupusti.core import clock
from neupusti.core.data.halting import is_halted
from neupusti.core.forms.base import ConfirmForm, Form, shown
from neupusti.core.registry import registry
from neupusti.core.security import identity
from neupusti.core.web.errors import DomainError
from neupusti.retention import queries
from neupusti.retention.forms import AllowForm, HoldForm, ReasonForm, ReviewForm
from neupusti.retention.service import placing, stops
from neupusti.retention.service.errors import HoldError, NoHoldError
from neupusti.retention.views.blueprint import bp

BOARD = "/admin/retention/"
HOLDS = "/admin/holds/"
HOLD = f"{HOLDS}<code>"
DONE = {
    "allowed": _("The next sweep destroys them, within an hour."),
    "placed": _("The hold is placed."),
    "saved": _("Saved."),
    "released": _("The hold is released."),
}


@bp.get(BOARD)
def board() -> Response:
    """Show each rule: its rows, what is past its term, and what keeps it."""
    return _board(AllowForm(formdata=None))


@bp.post(BOARD)
def allow() -> Response:
    """Let a sweep that has stopped go on."""
    form = AllowForm()
    if not form.validate():
        return _board(form)
    try:
        stops.allow(form.rule.data, identity.me().person, form.reason.data)
    except DomainError as error:
        form.refuse("reason", str(error.message))
        return _board(form)
    return redirect(url_for("retention.board", done="allowed"), 303)


@bp.get(HOLDS)
def holds() -> str:
    """List the holds: of the rules, placed ones, and those released lately."""
    return render_template(
        "retention/admin/holds.html",
        shipped=queries.shipped(),
        placed=queries.placed(),
        released=queries.released(),
        today=clock.today(),
        names=registry().staff_names(),
        done=DONE.get(request.args.get("done", "")),
    )


@bp.get(f"{HOLDS}new")
def new_hold() -> Response:
    """Show the form of a hold."""
    return shown("retention/admin/new.html", HoldForm(formdata=None))


@bp.post(f"{HOLDS}new")
def place_hold() -> Response:
    """Place a hold on one person or one order."""
    form = HoldForm()
    if form.validate():
        try:
            hold = placing.place(form.wish, identity.me().person)
        except HoldError as error:
            form.refuse("order" if form.order.data else "person", str(error.message))
        else:
            to = url_for("retention.hold", code=hold.code, done="placed")
            return redirect(to, 303)
    return shown("retention/admin/new.html", form)


@bp.get(HOLD)
def hold(code: str) -> Response:
    """Show one hold."""
    return _hold(code, ConfirmForm(formdata=None))


@bp.post(f"{HOLD}/second")
def second_hold(code: str) -> Response:
    """Agree to a hold that stands against a request for destruction."""
    return _press(code, ConfirmForm(), lambda _form, me: placing.second(code, me), "saved")


@bp.post(f"{HOLD}/review")
def review_hold(code: str) -> Response:
    """Keep a hold until it is looked at again."""
    form = ReviewForm()
    return _press(
        code,
        form,
        lambda _form, me: placing.review(code, me, form.day, form.reason.data),
        "saved",
    )


@bp.post(f"{HOLD}/release")
def release_hold(code: str) -> Response:
    """Release a hold."""
    form = ReasonForm()
    return _press(
        code,
        form,
        lambda _form, me: placing.release(code, me, form.reason.data),
        "released",
    )


def _press(code: str, form: Form, act: Callable[[Form, int], None], done: str) -> Response:
    if not form.validate():
        return _hold(code, form)
    try:
        act(form, identity.me().person)
    except HoldError as error:
        return _hold(code, form, str(error.message))
    return redirect(url_for("retention.hold", code=code, done=done), 303)


def _board(form: AllowForm) -> Response:
    return shown(
        "retention/admin/board.html",
        form,
        rules=queries.rules(registry().retention),
        halted=is_halted(),
        last=queries.last_complete(),
        done=DONE.get(request.args.get("done", "")),
    )


def _hold(code: str, form: Form, problem: str = "") -> Response:
    found = queries.by_code(code)
    if found is None:
        raise NoHoldError
    page = shown(
        "retention/admin/hold.html",
        form,
        hold=found,
        review=form if isinstance(form, ReviewForm) else ReviewForm(formdata=None),
        release=form if type(form) is ReasonForm else ReasonForm(formdata=None),
        names=registry().staff_names(),
        problem=problem,
        done=DONE.get(request.args.get("done", "")),
    )
    if problem:
        page.status_code = 422
    return page
