"""The errors of requests, with messages for people."""

from flask_babel import lazy_gettext

from neupusti.core.web.errors import DomainError

NO_REQUEST = lazy_gettext(
    "There is no such question, or this link to it has ended. A question opens to who "
    "asked it, signed in, or by the link of our last e-mail about it."
)
NOT_TAKEN = lazy_gettext("Take it first: who answers has read what was written.")
CHANGED = lazy_gettext(
    "Somebody has changed this question meanwhile. Read it, then press again."
)


class NoRequestError(DomainError):
    """There is no such request, or it is another's: the same page for both."""

    status = 404

    def __init__(self) -> None:
        super().__init__(NO_REQUEST)


class NotTakenError(DomainError):
    """Only who has taken a request, and so has read it, answers it."""

    def __init__(self) -> None:
        super().__init__(NOT_TAKEN)


class StaleError(DomainError):
    """The request has changed since the page was opened."""

    status = 409

    def __init__(self) -> None:
        super().__init__(CHANGED)
