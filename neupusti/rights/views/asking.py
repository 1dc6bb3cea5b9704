"""The rights there are, and the link that opens them to whoever has no account."""

import time

from flask import make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from neupusti.accounts.views.blueprint import (
    confirmation_page,
    network,
    pad_response_time,
)
from neupusti.core.forms.base import ConfirmForm, shown
from neupusti.core.security import identity
from neupusti.core.text import languages
from neupusti.rights.forms import AskForm
from neupusti.rights.models import RequestKind
from neupusti.rights.service import asking
from neupusti.rights.views.blueprint import KEY, bp

PAGES = {
    RequestKind.ACCESS: "rights.data",
    RequestKind.CORRECT: "rights.correct",
    RequestKind.BLOCK: "blocking.block",
    RequestKind.DESTROY: "erasure.destroy",
}
"""Where a pass leads, by what it was asked for."""


@bp.get("/rights/")
def ask() -> Response:
    """Show the rights, and the form for an address."""
    return _page(AskForm(formdata=None))


@bp.post("/rights/")
def send_link() -> Response:
    """Email a link; the answer is the same for every address."""
    started = time.monotonic()
    form = AskForm()
    if not form.validate():
        return _page(form)
    wanted = request.form.get("right", "")
    kind = RequestKind(wanted) if wanted in set(RequestKind) else RequestKind.ACCESS
    asking.ask(form.email.data, kind, languages.current(), network())
    pad_response_time(started)
    return redirect(url_for("rights.sent"), 303)


@bp.get("/rights/sent")
def sent() -> Response:
    """Say that an email was sent."""
    return make_response(render_template("rights/sent.html"))


@bp.get("/rights/open/<token>")
def open_link(token: str) -> Response:
    """Show one button: scanners of emails follow links, so a GET opens nothing."""
    found = asking.asked(token)
    return confirmation_page("rights/open.html", token, email=found.email)


@bp.post("/rights/open/<token>")
def open_pass(token: str) -> Response:
    """Give this browser a pass of half an hour."""
    if not (form := ConfirmForm()).validate():
        return shown("rights/open.html", form, token=token, email=asking.asked(token).email)
    row, text = asking.open_pass(token)
    session[KEY] = text
    return redirect(url_for(PAGES[RequestKind(row.used_for)]), 303)


@bp.post("/rights/close")
def close_pass() -> Response:
    """End the pass of this browser, as on a shared computer."""
    if (text := session.pop(KEY, None)) is not None:
        asking.end_pass(text)
    return redirect(url_for("rights.ask"), 303)


def _page(form: AskForm) -> Response:
    return shown(
        "rights/ask.html",
        form,
        kinds=RequestKind,
        who=identity.current(),
        has_pass=identity.current_pass() is not None,
    )
