"""The errors of retention, with messages for people."""

from flask_babel import lazy_gettext

from neupusti.core.background import NotYetError
from neupusti.core.web.errors import DomainError

NO_HOLD = lazy_gettext("There is no such hold.")
NOBODY = lazy_gettext("Name a person by number or an order by number: a hold is on one.")
WITH_ADDRESS = lazy_gettext(
    "Write it without an e-mail address: what is recorded of a hold is never deleted."
)
NO_PERSON = lazy_gettext("Nobody has this number.")
NO_ORDER = lazy_gettext("There is no order with this number.")
OVER = lazy_gettext("This hold is released already.")
NO_LAW = lazy_gettext("Write which law obliges to keep the data.")
NO_DOCUMENT = lazy_gettext("Write which document asks for it.")
NO_REASON = lazy_gettext("Say it in a few words.")
REVIEW_LIMIT = lazy_gettext("Between tomorrow and 180 days from now.")
LAST_DAY = lazy_gettext("The last day is after today.")
ENDED = lazy_gettext("This hold has ended and keeps nothing: place a new one.")
NOT_NEEDED = lazy_gettext("This hold needs no second member of staff.")
SAME = lazy_gettext("You placed it: a colleague has to look at it.")
OWN = lazy_gettext("This hold is on your own data: a colleague has to decide it.")
NO_STOP = lazy_gettext("This sweep does not wait for anybody.")


class HoldError(DomainError):
    """What was asked of a hold cannot be done; the message says why."""


class NoHoldError(DomainError):
    """There is no such hold."""

    status = 404

    def __init__(self) -> None:
        super().__init__(NO_HOLD)


class NoStopError(DomainError):
    """No sweep has stopped at this rule."""

    def __init__(self) -> None:
        super().__init__(NO_STOP)


class IncompleteSweepError(NotYetError):
    """Copies of destroyed rows are left in the write-ahead log."""

    def __init__(self) -> None:
        super().__init__("something reads the database; copies are left in its log")
