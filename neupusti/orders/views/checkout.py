"""The order form: steps that carry the earlier answers, and one that sends them.

The pages hold the answers in hidden fields; until the order is sent with the consent
ticked, the server stores nothing about the person (4.1.1). One request with every field
places the same order. Buttons name the step they lead to in the field `go`; a request
without it sends the order.
"""

import math
from collections.abc import Sequence
from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from neupusti.accounts.models import Person
from neupusti.accounts.views.blueprint import known_as, network
from neupusti.accounts.views.stale import csrf_error
from neupusti.catalog.models import ReturnRule
from neupusti.catalog.service import return_rules
from neupusti.config.settings import settings
from neupusti.core import clock
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db
from neupusti.core.forms.base import UNPROCESSABLE
from neupusti.core.records.consents import ConsentWithdrawnError, GivenConsent
from neupusti.core.security import identity
from neupusti.core.text import languages, phones
from neupusti.core.web.errors import TooManyError
from neupusti.orders.forms.address import address_of
from neupusti.orders.forms.buyer import CheckoutForm, Step
from neupusti.orders.models.order import Delivery, Payment
from neupusti.orders.service import addresses, basket_view, delivery, placing, quote
from neupusti.orders.service import basket as baskets
from neupusti.orders.service.basket import Basket
from neupusti.orders.service.errors import OrderError, PriceRoseError, ShortageError
from neupusti.orders.service.placing import Buyer, Placed, Proof, Wish
from neupusti.orders.views import basket as basket_pages
from neupusti.orders.views import links, words
from neupusti.orders.views.blueprint import bp
from neupusti.policy.service.edition_store import current_store


@bp.get("/checkout/")
def checkout() -> Response:
    """Show the first step; a basket that cannot be ordered as it is comes first."""
    basket = basket_pages.read()
    view = basket_view.shown(basket, languages.current(), clock.today())
    if not view.orderable:
        return redirect(url_for("orders.basket"), 303)
    return _page(_form(), Step.CONTACT, basket)


@bp.post("/checkout/")
def place_order() -> Response:
    """Go to another step, or send the order."""
    form = _form()
    basket = _sent_basket(form)
    if not basket.lines:
        return basket_pages.page(basket, status=UNPROCESSABLE)
    if (go := _wanted(form)) is not None:
        return _page(form, form.check_before(go), basket)
    if (wrong := form.check_all()) is not None:
        return _page(form, wrong, basket)
    return _send(form, basket)


@bp.errorhandler(CSRFError)
def _csrf_error(error: CSRFError) -> Response:
    """Show the step again with all that was typed, as after a sign-in in another tab."""
    page = csrf_error(error)
    if request.endpoint != "orders.place_order" or "HTTP_COOKIE" not in request.environ:
        return page
    form = _form()
    step = form.check_before(_wanted(form) or Step.CHECK)
    form.keep_errors(None)
    return _page(form, step, _sent_basket(form), [words.SIGNED_ELSEWHERE], page.status_code)


def _form() -> CheckoutForm:
    """Return the form of this request: what it lacks is taken from the account."""
    who = identity.current()
    person = db.session.get_one(Person, who.person) if who else None
    formdata = {} if request.method == "POST" else {"formdata": None}
    form = CheckoutForm(obj=person, **formdata)
    if person is not None:
        form.email.data, form.account.data = person.email, False
    if (chosen := form.chosen) is not None:
        form.consent.ask(delivery.statement(chosen), settings().operator)
    return form


def _wanted(form: CheckoutForm) -> Step | None:
    """Return the step a button leads to; None: the order is sent."""
    go = request.form.get("go", "")
    if go not in {*Step}:
        return None
    wanted = Step(go)
    # Only the address is ever left out, and the payment comes after it.
    return wanted if wanted in form.steps else Step.PAYMENT


def _sent_basket(form: CheckoutForm) -> Basket:
    """Return the basket that is ordered: the cookie's, else the one the page carries.

    So a second press of the button, after the first has emptied the cookie, reaches the
    same order.
    """
    kept, carried = basket_pages.read(), baskets.read(form.basket.data)
    return carried if carried.lines and kept.id != carried.id else kept


def _send(form: CheckoutForm, basket: Basket) -> Response:
    try:
        placed = placing.place(basket, _buyer(form), _wish(form), _proof(form))
    except (ShortageError, PriceRoseError) as error:
        changes = [str(one) for one in (*getattr(error, "lines", ()), *error.rises)]
        return _page(form, Step.CHECK, basket, changes)
    except (OrderError, ConsentWithdrawnError) as error:
        return _page(form, Step.CHECK, basket, [str(error.message)])
    except TooManyError as error:
        page = _page(form, Step.CHECK, basket, [str(error.message)], error.status)
        wait = error.retry_after.total_seconds() if error.retry_after else 1
        page.headers["Retry-After"] = str(max(math.ceil(wait), 1))
        return page
    if placed.token is not None:
        links.remember(placed.number, placed.token)
    account = "y" if form.account.data and placed.created else None
    address = url_for(
        "orders.show", number=placed.number, done=_done(placed), account=account
    )
    response = redirect(address, 303)
    if basket_pages.read().id == basket.id:
        basket_pages.keep(response, Basket(basket.id))
    return response


def _done(placed: Placed) -> str:
    """Return which message the order's page shows."""
    if not placed.created:
        return "again" if placed.same else "other"
    return "cheaper" if placed.fell else "placed"


def _buyer(form: CheckoutForm) -> Buyer:
    who = identity.current()
    return Buyer(
        family_name=form.family_name.data,
        given_name=form.given_name.data,
        patronymic=form.patronymic.data,
        email=form.email.data,
        phone=form.phone.data,
        language=languages.current(),
        person=who.person if who else None,
    )


def _wish(form: CheckoutForm) -> Wish:
    method = Delivery(form.delivery.data)
    return Wish(
        delivery=method,
        payment=Payment(form.payment.data),
        address=address_of(form) if method.needs_address else None,
        comment=form.comment.data if method.needs_address else "",
    )


def _proof(form: CheckoutForm) -> Proof:
    consent = GivenConsent(
        form="order",
        purpose=Purpose.IDENTIFICATION,
        text=form.consent.text,
        language=languages.current(),
        edition=current_store().in_force(),
    )
    return Proof(
        consent=consent,
        quote=form.quote.data or "",
        network=network(),
        known=known_as(form.email.data),
    )


def _page(
    form: CheckoutForm,
    step: Step,
    basket: Basket,
    problems: Sequence[str] = (),
    status: int = UNPROCESSABLE,
) -> Response:
    """Render a step; with errors or problems the response has `status`."""
    view = basket_view.shown(basket, languages.current(), clock.today())
    seen = basket_view.seen(basket, view)
    if not form.phone.errors and (form.phone.data or "").startswith("+"):
        form.phone.data = phones.shown(form.phone.data)
    values = _to_check(form, seen) if step is Step.CHECK else {}
    body = render_template(
        f"orders/checkout/{step}.html",
        form=form,
        step=step,
        steps=form.steps,
        view=view,
        problems=problems,
        carried={**form.carried(step), "basket": baskets.write(seen)},
        who=identity.current(),
        prices={one: delivery.fee(one, view.goods) for one in Delivery},
        pickup=delivery.pickup_address(languages.current()),
        return_words={row.line.product: _return_words(row) for row in view.rows},
        **values,
    )
    response = make_response(body, status if problems or form.errors else 200)
    is_kept = seen != basket and basket_pages.read().id == basket.id
    return basket_pages.keep(response, seen) if is_kept else response


def _return_words(row: basket_view.Row) -> str:
    if row.product is None:
        return ""
    return str(return_rules.words(ReturnRule(row.product.return_rule)))


def _to_check(form: CheckoutForm, seen: Basket) -> dict[str, Any]:
    """Return what only the last page shows: the quote and the name of the region."""
    method, language = Delivery(form.delivery.data), languages.current()
    shown = quote.of(
        seen,
        delivery=method,
        payment=Payment(form.payment.data),
        language=language,
        edition=current_store().in_force(),
    )
    region = form.region.data if method.needs_address else ""
    return {
        "quote": shown,
        "region": addresses.region_name(region, language) if region else "",
    }
