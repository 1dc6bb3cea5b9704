"""The board of requests, and one of them: taken, answered, noted, closed."""

from collections.abc import Callable
from typing import Any

from flask import abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from neupusti.contact import queries
from neupusti.contact.forms import (
    SUBJECTS,
    AnswerForm,
    CloseForm,
    LinkForm,
    PressForm,
    SearchForm,
)
from neupusti.contact.models import ContactRequest, RequestState
from neupusti.contact.queries import Filter
from neupusti.contact.service import answering, links, replies
from neupusti.contact.service.answering import Press
from neupusti.contact.service.errors import NotTakenError, StaleError
from neupusti.contact.views import words
from neupusti.contact.views.blueprint import bp
from neupusti.core.data.database import db
from neupusti.core.forms.base import UNPROCESSABLE, Form, shown
from neupusti.core.registry import registry
from neupusti.core.security import identity
from neupusti.core.text.languages import Language
from neupusti.core.web import pagination

BOARD = "/admin/contact/"
REQUEST = f"{BOARD}<number>"


@bp.get(BOARD)
def board() -> Response:
    """Show the requests, those that wait for us first."""
    return _board(SearchForm(formdata=None), Filter(state=_state()))


@bp.post(BOARD)
def search() -> Response:
    """Show the requests that a search finds, and log the search."""
    form = SearchForm()
    if not form.validate():
        return _board(form, Filter(state=_state()))
    return _board(form, Filter(search=form.q.data), found=True)


@bp.get(REQUEST)
def desk(number: str) -> Response:
    """Show a request; what was said in it only to who has taken it."""
    found = _found(number)
    typed = replies.reply(request.args.get("reply", ""), Language(found.language))
    return _page(found, AnswerForm(formdata=None, words=typed))


@bp.post(f"{REQUEST}/taking")
def take(number: str) -> Response:
    """Take a request, which opens it; the journal keeps who did."""
    return _press(number, PressForm(), lambda press, _form: answering.take(press), "taken")


@bp.post(f"{REQUEST}/answers")
def answer(number: str) -> Response:
    """Answer a request, or write a note in it."""
    if request.form.get("kind") == "note":
        return _press(
            number,
            AnswerForm(),
            lambda press, form: answering.note(press, form.words.data),
            "noted",
        )
    return _press(
        number,
        AnswerForm(),
        lambda press, form: answering.answer(press, form.words.data),
        "answered",
    )


@bp.post(f"{REQUEST}/order")
def link_order(number: str) -> Response:
    """Say which order a request is about."""
    return _press(
        number,
        LinkForm(),
        lambda press, form: answering.link(press, form.order_number.data),
        "linked",
    )


@bp.post(f"{REQUEST}/closing")
def close(number: str) -> Response:
    """Close a request that needs no answer."""
    return _press(
        number,
        CloseForm(),
        lambda press, form: answering.close(press, form.reason.data),
        "closed",
    )


def _press(
    number: str, form: Form, act: Callable[[Press, Any], None], done: str
) -> Response:
    """Carry out a press and go back to the request; say there what was refused."""
    found = _found(number)
    if not form.validate():
        return _page(found, form, status=UNPROCESSABLE)
    seen = pagination.whole(form["version"].data)
    press = Press(found.id, -1 if seen is None else seen, identity.me().person)
    try:
        act(press, form)
    except (NotTakenError, StaleError) as error:
        return _page(_found(number), form, str(error.message), error.status)
    return redirect(url_for("contact.desk", number=found.number, done=done), 303)


def _found(number: str) -> ContactRequest:
    found = links.by_number(db.session(), number)
    if found is None:
        abort(404)
    return found


def _state() -> RequestState | None:
    given = request.values.get("state", "")
    return RequestState(given) if given in set(RequestState) else None


def _board(form: SearchForm, wanted: Filter, *, found: bool = False) -> Response:
    page = queries.board(wanted, pagination.number(request.values.get("page")))
    if found:
        answering.log_search(page.total, staff=identity.me().person)
    state = wanted.state and wanted.state.value
    return shown(
        "contact/admin/board.html",
        form,
        page=page,
        found=found,
        wanted=wanted,
        counts=queries.counts(),
        states=words.BOARD,
        subjects=SUBJECTS,
        names=registry().staff_names(),
        address=lambda number: url_for("contact.board", state=state, page=number),
    )


def _page(
    found: ContactRequest, form: Form, problem: str = "", status: int = 200
) -> Response:
    """Render a request; of its forms the one that was sent keeps what was typed."""
    opened = found.staff == identity.me().person
    forms: dict[str, Form] = {
        name: form if isinstance(form, kind) else kind(formdata=None)
        for name, kind in (("answer", AnswerForm), ("link", LinkForm), ("close", CloseForm))
    }
    if not isinstance(form, LinkForm):
        forms["link"]["order_number"].data = found.order_number
    body = render_template(
        "contact/admin/request.html",
        request_=found,
        opened=opened,
        messages=queries.messages(found.id, notes=True) if opened else (),
        forms=forms,
        sent=form,
        problem=problem,
        replies=replies.REPLIES,
        states=words.BOARD,
        subjects=SUBJECTS,
        authors=words.ON_BOARD,
        names=registry().staff_names(),
        done=words.DONE.get(request.args.get("done", "")),
    )
    return make_response(body, status)
