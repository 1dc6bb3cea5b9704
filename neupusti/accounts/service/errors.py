"""The errors of accounts, with messages for the person."""

from flask_babel import LazyString

from neupusti.core.web.errors import DomainError


class AccountError(Exception):
    """A rejected form value: `field` and the `message` to show beside it."""

    def __init__(self, field: str, message: str | LazyString) -> None:
        super().__init__(field)
        self.field, self.message = field, message


class GoneError(DomainError):
    """A link that is invalid: used, expired, or never issued."""

    status = 404
