"""The outbox: what became of each letter, and its words for whoever has a reason."""

from flask import abort, render_template, request, url_for
from werkzeug.wrappers import Response

from neupusti.admin import queries, service
from neupusti.admin.forms import Why
from neupusti.admin.views import labels
from neupusti.admin.views.blueprint import bp, me
from neupusti.core.data.database import db
from neupusti.core.forms.base import shown
from neupusti.core.mail import outbox
from neupusti.core.mail.models import Letter, State
from neupusti.core.registry import registry
from neupusti.core.text import emails
from neupusti.core.web import pagination
from neupusti.core.web.pagination import ROW


@bp.get("/mail/")
def mail() -> str:
    """Show the letters: to whom, masked, what about, and how far they have come."""
    state = request.args.get("state", "")
    kind = request.args.get("kind", "")
    wanted = queries.letters(state if state in set(State) else "", kind[:60])
    return render_template(
        "admin/mail.html",
        leaf=pagination.leaf(wanted, pagination.number(request.args.get("page"))),
        address=lambda page: url_for(
            "admin.mail", state=state or None, kind=kind or None, page=page
        ),
        state=state,
        kind=kind,
        states={one.value: label for one, label in labels.STATES.items()},
        kinds={one.name: one.label for one in registry().letters},
        counts=queries.letters_by_state(),
        masked=emails.masked,
        served=outbox.service().server is not None,
    )


@bp.get(f"/mail/{ROW}")
def ask_letter(number: int) -> Response:
    """Ask what for, before a letter is opened."""
    if db.session.get(Letter, number) is None:
        abort(404)
    return shown("admin/why_letter.html", Why(formdata=None), number=number)


@bp.post(f"/mail/{ROW}")
def open_letter(number: int) -> Response | str:
    """Show one letter, and write down who opened it and why."""
    form = Why()
    if not form.validate():
        if db.session.get(Letter, number) is None:
            abort(404)
        return shown("admin/why_letter.html", form, number=number)
    letter = service.open_letter(number, staff=me(), reason=str(form.reason.data))
    if letter is None:
        abort(404)
    return render_template(
        "admin/letter.html",
        letter=letter,
        text=service.readable(letter),
        state=labels.STATES[State(letter.state)],
        kind=labels.letter(letter.kind),
    )
