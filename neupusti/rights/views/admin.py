"""The requests of people for staff: the board, one request, a new one from paper."""

from collections.abc import Callable

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from neupusti.core.data.database import db
from neupusti.core.forms.base import UNPROCESSABLE, ConfirmForm, Form, shown
from neupusti.core.registry import registry
from neupusti.core.security import identity
from neupusti.core.text.languages import Language
from neupusti.core.web import pagination
from neupusti.rights import queries
from neupusti.rights.forms import (
    AnswerForm,
    EnterForm,
    TellForm,
    ValueForm,
    VerdictForm,
)
from neupusti.rights.models import (
    Channel,
    Correction,
    DataRequest,
    Decision,
    Outcome,
    RequestKind,
)
from neupusti.rights.service import answering, correcting, deciding, requests, words
from neupusti.rights.service.answering import Entered
from neupusti.rights.service.correcting import Verdict
from neupusti.rights.service.errors import RightsError
from neupusti.rights.views.blueprint import bp

BOARD = "/admin/rights/"
REQUEST = f"{BOARD}<number>"


@bp.get(BOARD)
def board() -> Response:
    """List the requests by the day on which they are due."""
    everything = request.args.get("all") == "1"
    number = pagination.number(request.args.get("page"))
    page = queries.board(everything=everything, page=number)
    body = render_template(
        "rights/admin/board.html",
        page=page,
        everything=everything,
        dues=queries.dues(page.rows),
        untold=queries.untold(page.rows),
        is_late=queries.is_late,
        words=words,
        names=registry().staff_names(),
        address=lambda n: url_for("rights.board", all=request.args.get("all"), page=n),
    )
    return make_response(body)


@bp.get(f"{BOARD}new")
def new() -> Response:
    """Show the form for a request that did not come through the site."""
    return shown("rights/admin/new.html", EnterForm(formdata=None))


@bp.post(f"{BOARD}new")
def enter() -> Response:
    """Store such a request; its code is shown once."""
    form = EnterForm()
    if not form.validate():
        return shown("rights/admin/new.html", form)
    given = Entered(
        kind=RequestKind(form.kind.data),
        channel=Channel(form.channel.data),
        received=form.day,
        language=Language(form.language.data),
        about=form.about.data,
        agent=form.agent.data,
        email=form.email.data,
        person=pagination.whole(form.person.data),
    )
    try:
        entered, code = answering.enter(given, identity.me().person, form.submission.data)
    except RightsError as error:
        form.refuse("person", str(error.message))
        return shown("rights/admin/new.html", form)
    page = render_template("rights/admin/entered.html", request_=entered, code=code)
    return make_response(page)


@bp.get(REQUEST)
def desk(number: str) -> Response:
    """Show a request; what was asked only to who has taken it."""
    return _page(requests.by_number(db.session(), number))


@bp.post(f"{REQUEST}/taking")
def take(number: str) -> Response:
    """Take a request, which opens it; the journal keeps who did."""
    return _press(number, ConfirmForm(), answering.take)


@bp.post(f"{REQUEST}/answer")
def answer(number: str) -> Response:
    """Answer a request; a correction that was right is carried out."""
    found, form = requests.by_number(db.session(), number), AnswerForm()
    form.offer(RequestKind(found.kind))

    def act(request: int, staff: int) -> None:
        verdicts = {
            one: Verdict(Decision(part.decision.data), part.value.data)
            for one, part in _verdicts(correcting.of_request(request)).items()
            if part.validate()
        }
        outcome = Outcome(form.outcome.data)
        answering.answer(request, staff, outcome, form.words.data, verdicts)

    return _press(number, form, act)


@bp.post(f"{REQUEST}/value")
def name_value(number: str) -> Response:
    """Name the value that the words of a request mean."""
    found, form = requests.by_number(db.session(), number), ValueForm()
    values = {one.key: one for one in deciding.namable(found)}
    form.offer(list(values.values()))

    def act(request: int, staff: int) -> None:
        value = values[form.value.data]
        answering.name_value(request, staff, value, form.proposed.data)

    return _press(number, form, act)


@bp.post(f"{REQUEST}/told")
def tell(number: str) -> Response:
    """Store that a recipient was told of a correction or a destruction."""
    form = TellForm()

    def act(request: int, staff: int) -> None:
        notice = pagination.whole(form.notice.data) or 0
        answering.tell(request, notice, staff, form.how.data)

    return _press(number, form, act)


def _press(number: str, form: Form, act: Callable[[int, int], None]) -> Response:
    """Carry out a press and go back to the request; say there what was refused."""
    found = requests.by_number(db.session(), number)
    if not form.validate():
        return _page(found, form, status=UNPROCESSABLE)
    try:
        act(found.id, identity.me().person)
    except RightsError as error:
        again = requests.by_number(db.session(), number)
        return _page(again, form, str(error.message), error.status)
    return redirect(url_for("rights.desk", number=found.number), 303)


def _page(
    found: DataRequest, form: Form | None = None, problem: str = "", status: int = 200
) -> Response:
    """Render a request; the form that was sent keeps what was typed."""
    me = identity.me().person
    opened, is_own = found.staff == me, found.person == me
    # A destruction is closed by the site itself: nobody can take it.
    is_seen = opened or (found.closed_at is not None and not is_own)
    reply = form if isinstance(form, AnswerForm) else AnswerForm(formdata=None)
    reply.offer(RequestKind(found.kind))
    corrections = correcting.of_request(found.id) if opened else []
    naming = form if isinstance(form, ValueForm) else ValueForm(formdata=None)
    naming.offer(deciding.namable(found) if opened else [])
    body = render_template(
        "rights/admin/request.html",
        request_=found,
        opened=opened,
        is_own=is_own,
        corrections=corrections,
        present=correcting.present,
        verdicts=_verdicts(corrections),
        naming=naming,
        notices=queries.notices(found.id) if is_seen else (),
        steps=queries.steps(found.id),
        due=queries.due(found),
        is_late=queries.is_late,
        reply=reply,
        tell=form if isinstance(form, TellForm) else TellForm(formdata=None),
        sent=form or ConfirmForm(formdata=None),
        problem=problem,
        words=words,
        names=registry().staff_names(),
    )
    return make_response(body, status)


def _verdicts(corrections: list[Correction]) -> dict[int, VerdictForm]:
    """Return the part of the answer about each value; its fields carry the number."""
    return {
        one.id: VerdictForm(prefix=f"{one.id}-", meta={"csrf": False})
        for one in corrections
        if one.decided_at is None
    }
