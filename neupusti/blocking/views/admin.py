"""Open blocks for staff: the board, a new one, a look at what is checked."""

from flask import make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.blocking import queries
from neupusti.blocking.forms import LookForm, PlaceForm
from neupusti.blocking.service import blocking
from neupusti.blocking.service.blocking import Order
from neupusti.blocking.service.words import CAUSES
from neupusti.blocking.views.blueprint import bp
from neupusti.core import clock
from neupusti.core.blocking import blocks
from neupusti.core.blocking.models import Cause
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.data.reading import reading
from neupusti.core.forms.base import shown
from neupusti.core.registry import registry
from neupusti.core.security import identity
from neupusti.core.text.languages import Language
from neupusti.core.web import pagination
from neupusti.core.web.errors import DomainError
from neupusti.rights.models import DataRequest
from neupusti.rights.service import requests
from neupusti.rights.service.errors import OWN, RightsError
from neupusti.rights.service.sections import sections

BOARD = "/admin/blocks/"
CHECK = f"{BOARD}<number>"


class NotTakenError(DomainError):
    """Only who has taken a request looks at what is checked."""

    status = 404

    def __init__(self) -> None:
        super().__init__(_("Take the request first: only its check sees the data."))


class EndedError(DomainError):
    """There is nothing to check any more, or there never was."""

    status = 404

    def __init__(self) -> None:
        text = _("Nothing is blocked under this request: there is nothing to check.")
        super().__init__(text)


@bp.get(BOARD)
def board() -> Response:
    """List the open blocks by the day on which their check has to end."""
    page = render_template(
        "blocking/admin/board.html",
        blocks=queries.open_blocks(),
        mine=queries.taken_by(identity.me().person),
        causes=CAUSES,
        today=clock.today(),
    )
    return make_response(page)


@bp.get(f"{BOARD}new")
def new() -> Response:
    """Show the form for a block that no request asked for."""
    return shown("blocking/admin/new.html", PlaceForm(formdata=None))


@bp.post(f"{BOARD}new")
def place() -> Response:
    """Block somebody's data at once."""
    form = PlaceForm()
    if not form.validate():
        return shown("blocking/admin/new.html", form)
    order = Order(
        by=Cause(form.by.data),
        person=pagination.whole(form.person.data),
        email=form.email.data,
        document=form.document.data,
        reason=form.reason.data,
        language=Language(form.language.data),
    )
    try:
        request = blocking.place(order, identity.me().person)
    except RightsError as error:
        form.refuse("person", str(error.message))
        return shown("blocking/admin/new.html", form)
    return redirect(url_for("rights.desk", number=request.number), 303)


@bp.get(CHECK)
def check(number: str) -> Response:
    """Ask why somebody looks at the data of a block."""
    found = _mine(number)
    return shown("blocking/admin/check.html", LookForm(formdata=None), request_=found)


@bp.post(CHECK)
def look(number: str) -> Response:
    """Show the blocked data to who checks them; the journal keeps each look."""
    found, form = _mine(number), LookForm()
    if not form.validate():
        return shown("blocking/admin/check.html", form, request_=found)
    with writing() as session:
        blocking.look(session, found, identity.me().person, form.reason.data)
    with reading(in_use=False):
        page = render_template(
            "blocking/admin/data.html",
            request_=found,
            sections=list(sections(_whose(found))),
            names=registry().staff_names(),
        )
    return make_response(page)


def _mine(number: str) -> DataRequest:
    """Return a request that is taken by who asks and has an open block."""
    found = requests.by_number(db.session(), number)
    me = identity.me().person
    if found.person == me:
        raise RightsError(OWN)
    if not blocks.is_blocked(db.session(), _whose(found)):
        raise EndedError
    if found.staff != me:
        raise NotTakenError
    return found


def _whose(request: DataRequest) -> Whose:
    return Whose(person=request.person, email_key=request.email_key)
