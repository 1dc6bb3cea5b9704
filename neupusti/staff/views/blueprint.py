"""The blueprint of the staff room, and what its pages share."""

from flask import Blueprint

from neupusti.core.security import identity

bp = Blueprint("staff", __name__, url_prefix="/admin", cli_group="staff")


def me() -> int:
    """Return the number of the member of staff who asks."""
    person = identity.current()
    if person is None:
        raise RuntimeError("a page of the staff was reached by nobody")
    return person.person
