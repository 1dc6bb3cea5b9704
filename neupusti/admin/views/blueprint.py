"""The blueprint of the staff area, and what its pages share."""

from datetime import date

from flask import Blueprint, request

from neupusti.core.security import identity
from neupusti.core.web import pagination

bp = Blueprint("admin", __name__, url_prefix="/admin", cli_group="journal")


def me() -> int:
    """Return the number of the member of staff who asks."""
    person = identity.current()
    if person is None:
        raise RuntimeError("a page of the staff was reached by nobody")
    return person.person


def number(name: str) -> int | None:
    """Return the number that a filter of the address or the form holds, or None."""
    text = request.values.get(name, "")
    found = pagination.whole(text)
    return found if found is not None and found <= pagination.LARGEST else None


def day(name: str) -> date | None:
    """Return the day that a filter of the address or the form holds, or None."""
    try:
        return date.fromisoformat(request.values.get(name, ""))
    except ValueError:
        return None
