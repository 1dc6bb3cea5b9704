"""The errors of erasures, with messages for people."""

from flask_babel import lazy_gettext as _

from neupusti.core.web.errors import DomainError

CHANGED = _("Something changed meanwhile: look at the list again, then confirm.")
ASKED_BEFORE = _("Your data are to be destroyed already. The e-mail says when.")
NOTHING = _("There is nothing to destroy.")
TOO_LATE = _("It is too late: the destruction has begun.")
UNDONE = _("This destruction was called off before: nothing is destroyed by it.")
STAFF = _("This is the account of a member of staff: give the permissions back first.")
OWN = _("This is your own request: a colleague has to decide it.")
SECOND = _("Another member of staff has to confirm it: two have to see it.")
UNPROVED = _("Nobody has seen a paper: it is not known whose request this is.")
DECIDED = _("This request is decided already.")


class ErasureError(DomainError):
    """A destruction cannot be confirmed or undone like this; the message says why."""


class ChangedError(ErasureError):
    """What would be destroyed is no longer what was shown."""

    status = 409

    def __init__(self) -> None:
        super().__init__(CHANGED)
