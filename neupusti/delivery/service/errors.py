"""The errors of the hand-over, with messages for staff or for the courier."""

from flask_babel import lazy_gettext as _

from neupusti.core.web.errors import DomainError
from neupusti.orders.service.errors import MoveError


class DisclosureError(MoveError):
    """These data may not be handed over like this; nothing was read or stored. 422."""


class RecipientError(DomainError):
    """A recipient that cannot be like this; `field` is that of the form."""

    def __init__(self, field: str, message: object) -> None:
        super().__init__(str(message))
        self.field = field


class ChangedError(DomainError):
    """Somebody else changed the recipient since the page was opened."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            _("Somebody changed this recipient meanwhile. Look at it, then save.")
        )


class EndedError(DomainError):
    """The courier's link has ended, or never was: the same answer for both."""

    status = 410

    def __init__(self) -> None:
        super().__init__(
            _(
                "The parcel was delivered or came back, its address was changed, or there "
                "is a newer link. The shop can give you a new one."
            )
        )
