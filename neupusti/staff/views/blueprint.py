"""The blueprint of staff management, and helpers of its views."""

from flask import Blueprint

from neupusti.core.security import identity

bp = Blueprint("staff", __name__, url_prefix="/admin", cli_group="staff")


def me() -> int:
    """Return the number of the signed-in member of staff."""
    person = identity.current()
    if person is None:
        raise RuntimeError("a staff page was reached without signing in")
    return person.person
