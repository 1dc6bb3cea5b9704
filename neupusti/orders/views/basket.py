"""The basket: what is in it, and putting, changing and removing."""

from flask import make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.core import clock
from neupusti.core.forms.base import UNPROCESSABLE, ConfirmForm
from neupusti.core.security import origin
from neupusti.core.text import languages
from neupusti.core.web import cookies, pagination
from neupusti.orders.service import basket as service
from neupusti.orders.service import basket_view
from neupusti.orders.service.basket import COOKIE, Basket
from neupusti.orders.service.errors import BasketError
from neupusti.orders.views.blueprint import bp


@bp.get("/cart/")
def basket() -> Response:
    """Show the basket; its prices count as seen from now on."""
    return page(read())


@bp.post("/cart/")
@origin.same_origin_only
def change_basket() -> Response:
    """Set the number of pieces of one product, and go back to the basket.

    With the field `add` they are added to what is there. Without a token: the pages of
    products are the same for everybody.
    """
    before = read()
    try:
        after = _changed(before)
    except BasketError as error:
        return page(before, error=str(error.message), status=UNPROCESSABLE)
    return keep(redirect(url_for("orders.basket"), 303), after)


def read() -> Basket:
    """Return the basket of this browser."""
    return service.read(cookies.value_of(COOKIE))


def keep(response: Response, basket: Basket) -> Response:
    """Keep the basket in the browser; one without lines needs no cookie."""
    if basket.lines:
        cookies.put(response, COOKIE, service.write(basket))
    elif cookies.value_of(COOKIE) is not None:
        cookies.drop(response, COOKIE)
    return response


def page(basket: Basket, *, error: str = "", status: int = 200) -> Response:
    """Render the basket, with what has changed since its prices were seen."""
    view = basket_view.shown(basket, languages.current(), clock.today())
    body = render_template(
        "orders/basket.html",
        view=view,
        form=ConfirmForm(formdata=None),
        error=error,
        wrong=_product(request.form.getlist("product")) if error else None,
        typed=request.form.get("quantity", "") if error else "",
        most=service.MOST_PIECES,
        cookieless="HTTP_COOKIE" not in request.environ,
    )
    response = make_response(body, status)
    seen = basket_view.seen(basket, view)
    return response if seen == basket else keep(response, seen)


def _changed(before: Basket) -> Basket:
    product = _product(request.form.getlist("product"))
    if product is None:
        raise BasketError(_("This product is no longer sold."))
    pieces = service.quantity(request.form.getlist("quantity"))
    put = service.add if "add" in request.form else service.put
    return put(before, product, pieces)


def _product(texts: list[str]) -> int | None:
    return pagination.whole(texts[0]) if len(texts) == 1 else None
