"""The errors of rights, with messages for people."""

from flask_babel import lazy_gettext

from neupusti.core.web.errors import DomainError

NO_REQUEST = lazy_gettext(
    "There is no such request, or the code is another. Number and code are in our e-mail."
)
TAKE_IT = lazy_gettext("Take it first: who answers has read what was asked.")
OWN = lazy_gettext("This is your own request: a colleague has to decide it.")
CLOSED = lazy_gettext("This request is answered already.")
NOT_LISTED = lazy_gettext("This value cannot be corrected here. Choose one of the list.")
ASKED_BEFORE = lazy_gettext("This value is being checked already.")
ROW_GONE = lazy_gettext("What was to be corrected is destroyed by now.")
NO_PERSON = lazy_gettext("Write the number of the person, or nothing.")
OF_ACCOUNT = lazy_gettext(
    "This is the e-mail of an account: write the number of its person."
)
UNSETTLED = lazy_gettext(
    "The e-mail of this account was changed lately: its former address has to agree first. "
    "“Download everything” on the page of your data asks it."
)
NO_VALUE = lazy_gettext("Write what is right.")
NO_NAME = lazy_gettext("This cannot be a name or a phone: check it letter by letter.")
NOT_PARTLY = lazy_gettext("“In part” needs a value that is corrected and one that is not.")
NOT_PROVED = lazy_gettext("Nobody has proved whose request this is: nothing is corrected.")
WRONG_OUTCOME = lazy_gettext("A request of this kind cannot end like this.")


class NoRequestError(DomainError):
    """There is no such request, or it is another's: the same page for both."""

    status = 404

    def __init__(self) -> None:
        super().__init__(NO_REQUEST)


class RightsError(DomainError):
    """A request cannot be carried out like this; the message says why."""
