"""What is said where blocked data are asked for."""

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy.exc import DBAPIError

REFUSED = "blocked: these data may not be used until their check has ended"
GONE = "destroyed: nothing about this person may be stored again"
"""What the guards of the databases raise; `core.blocking.guards` makes them."""
STATUS = 403
BLOCKED = _("These data are blocked until their check has ended.")


class BlockedError(Exception):
    """Somebody's data are blocked, so they are neither used nor changed."""

    def __init__(self, message: LazyString | str = BLOCKED) -> None:
        super().__init__(message)
        self.message = message


def is_refusal(error: DBAPIError) -> bool:
    """Return whether a guard refused a statement, rather than something else failing."""
    words = str(error.orig)
    return words.startswith((REFUSED, GONE))
