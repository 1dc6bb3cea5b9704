"""The stock of a product, for staff: count, receive, write off, and how it came to be."""

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from neupusti.catalog.forms.stock import CountForm, MoveForm
from neupusti.catalog.models import MovementKind, Product
from neupusti.catalog.service import counting, labels
from neupusti.catalog.service.counting import ByHand
from neupusti.catalog.service.errors import CatalogError, ConflictError
from neupusti.catalog.views.admin import (
    CONFLICT,
    done,
    found,
    me,
    refuse,
    staff_names,
    tell_apart,
    to,
)
from neupusti.catalog.views.blueprint import bp
from neupusti.core.forms.base import shown
from neupusti.core.web import pagination
from neupusti.core.web.pagination import ROW

StockForm = CountForm | MoveForm


@bp.get(f"/admin/products/{ROW}/stock")
def admin_stock(number: int) -> Response:
    """Show the stock of a product and its movements."""
    return _page(found(number))


@bp.post(f"/admin/products/{ROW}/counts")
def admin_count(number: int) -> Response:
    """Apply a count: it was so many, it is so many."""
    form = CountForm()
    product = found(number)
    if not form.validate():
        return _page(product, form)
    delta = form.now.number - form.was.number
    wanted = ByHand(
        kind=MovementKind.COUNTED, delta=delta, reason=form.reason.data, field="now"
    )
    return _move(number, form, wanted)


@bp.post(f"/admin/products/{ROW}/movements")
def admin_move(number: int) -> Response:
    """Add pieces that came, or take off pieces that are written off."""
    form = MoveForm()
    product = found(number)
    if not form.validate():
        return _page(product, form)
    kind = MovementKind(form.kind.data)
    sign = 1 if kind is MovementKind.RECEIVED else -1
    delta = sign * form.pieces.number
    wanted = ByHand(kind=kind, delta=delta, reason=form.reason.data, field="pieces")
    return _move(number, form, wanted)


def _move(number: int, form: StockForm, wanted: ByHand) -> Response:
    last = pagination.whole(form.last.data)
    try:
        changed = counting.move(
            number, wanted, last=-1 if last is None else last, staff=me()
        )
    except CatalogError as error:
        refuse(form, error)
        return _page(found(number), form)
    except ConflictError as error:
        response = _page(found(number), form, conflict=error)
        response.status_code = CONFLICT
        return response
    if changed is None:
        abort(404)
    return to("admin_stock", number=number, done="stock" if changed else "unchanged")


def _page(
    product: Product, form: StockForm | None = None, conflict: ConflictError | None = None
) -> Response:
    """Show the page; a form that was sent keeps its values, but not which count it knew."""
    count = form if isinstance(form, CountForm) else CountForm(formdata=None)
    move = form if isinstance(form, MoveForm) else MoveForm(formdata=None)
    latest = counting.last_by_hand(product.id)
    for one in (count, move):
        one.last.data = str(latest.id if latest else 0)
    tell_apart(move, "-move")
    if form is not count or conflict:
        count.was.data = str(product.stock)
    return shown(
        "catalog/admin/stock.html",
        form or count,
        product=product,
        count=count,
        move=move,
        latest=latest,
        conflict=conflict,
        listing=pagination.paginate(
            counting.movements(product.id), pagination.number(request.args.get("page"))
        ),
        address=lambda page: url_for("catalog.admin_stock", number=product.id, page=page),
        kinds={kind.value: label for kind, label in labels.MOVEMENTS.items()},
        names=staff_names(),
        done=done(),
    )
