"""Destructions for staff: the list, one of them, papers that two members confirm."""

from collections.abc import Callable

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from neupusti.core.data.database import db
from neupusti.core.forms.base import ConfirmForm
from neupusti.core.registry import registry
from neupusti.core.security import identity
from neupusti.core.web import pagination
from neupusti.erasure import queries
from neupusti.erasure.service import asking, words
from neupusti.erasure.service.errors import ErasureError
from neupusti.erasure.views.blueprint import bp
from neupusti.rights.models import DataRequest
from neupusti.rights.service import requests

BOARD = "/admin/erasures/"
ONE = f"{BOARD}<number>"


@bp.get(BOARD)
def board() -> Response:
    """List the requests for destruction, the open ones first."""
    page = queries.board(pagination.number(request.args.get("page")))
    body = render_template(
        "erasure/admin/board.html",
        page=page,
        erasures=queries.of_requests(page.rows),
        words=words,
        address=lambda number: url_for("erasure.board", page=number),
    )
    return make_response(body)


@bp.get(ONE)
def desk(number: str) -> Response:
    """Show what was done and what is kept; nobody's data."""
    return _page(requests.by_number(db.session(), number))


@bp.post(f"{ONE}/proposal")
def propose(number: str) -> Response:
    """Enter the destruction that a paper asks for."""
    return _press(number, lambda found, staff: asking.propose(found.id, staff))


@bp.post(f"{ONE}/second")
def second(number: str) -> Response:
    """Confirm what a colleague entered."""

    def act(found: DataRequest, staff: int) -> None:
        if (erasure := queries.of_request(found)) is not None:
            asking.second(erasure.id, staff)

    return _press(number, act)


def _press(number: str, act: Callable[[DataRequest, int], object]) -> Response:
    found = requests.by_number(db.session(), number)
    if not ConfirmForm().validate():
        return _page(found)
    try:
        act(found, identity.me().person)
    except ErasureError as error:
        again = requests.by_number(db.session(), number)
        return _page(again, str(error.message), error.status)
    return redirect(url_for("erasure.desk", number=found.number), 303)


def _page(found: DataRequest, problem: str = "", status: int = 200) -> Response:
    erasure = queries.of_request(found)
    body = render_template(
        "erasure/admin/erasure.html",
        request_=found,
        erasure=erasure,
        me=identity.me().person,
        steps=queries.steps(erasure) if erasure else (),
        kept=queries.kept(erasure) if erasure else {},
        holds={hold.code: hold for hold in registry().holds},
        words=words,
        names=registry().staff_names(),
        problem=problem,
    )
    return make_response(body, status)
