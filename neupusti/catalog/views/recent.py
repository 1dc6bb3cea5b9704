"""What a visitor looked at last: numbers of products in a cookie of their own browser.

Without consent to preferences nothing is set, read or shown; the server keeps nothing.
"""

from datetime import date, timedelta

from flask import redirect, request
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from neupusti.catalog.queries.cards import Card, by_numbers
from neupusti.catalog.views.blueprint import bp
from neupusti.core.feature import Category, Cookie
from neupusti.core.security import origin
from neupusti.core.text.languages import Language
from neupusti.core.web import choice, cookies, redirects
from neupusti.core.web.pagination import whole

RECENT = Cookie(
    name="recent",
    category=Category.PREFERENCES,
    purpose=_(
        "Keeps the numbers of the goods you looked at last, to show them to you again."
    ),
    lifetime=timedelta(days=30),
)
KEPT, SHOWN = 9, 4
SEPARATOR = "."
LIMIT = 120
"""A longer value is not one of ours."""


def cards(today: date, language: Language, *, but: int = 0) -> tuple[Card, ...]:
    """Return the goods seen last, without the one whose page is open."""
    numbers = tuple(number for number in _numbers() if number != but)
    return by_numbers(numbers, today, language)[:SHOWN]


def remember(response: Response, product: int) -> None:
    """Put `product` first in the cookie, where the visitor agreed to it."""
    if choice.current().allows(RECENT.category):
        numbers = dict.fromkeys((product, *_numbers()))
        value = SEPARATOR.join(map(str, [*numbers][:KEPT]))
        cookies.put(response, RECENT, value)


@bp.post("/recent/")
@origin.same_origin_only
def forget_recent() -> Response:
    """Delete the cookie; lead back to the page."""
    response = redirect(redirects.back(request.script_root + "/"), 303)
    cookies.drop(response, RECENT)
    return response


def _numbers() -> tuple[int, ...]:
    value = cookies.value_of(RECENT) or ""
    if len(value) > LIMIT:
        return ()
    found = (whole(part) for part in value.split(SEPARATOR))
    kept = [number for number in found if number]
    return tuple(dict.fromkeys(kept))[:KEPT]
