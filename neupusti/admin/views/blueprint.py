"""The blueprint of the staff area, and helpers of its views."""

from datetime import date

from flask import Blueprint, request

from neupusti.core.security import identity
from neupusti.core.text import dates
from neupusti.core.web import pagination

bp = Blueprint("admin", __name__, url_prefix="/admin", cli_group="journal")


def me() -> int:
    """Return the number of the signed-in member of staff."""
    person = identity.current()
    if person is None:
        raise RuntimeError("a staff page was reached without signing in")
    return person.person


def number(name: str) -> int | None:
    """Return a number parameter of the query or the form, or None."""
    return pagination.whole(request.values.get(name))


def day(name: str) -> date | None:
    """Return a date parameter of the query or the form, or None."""
    return dates.parsed(request.values.get(name))
