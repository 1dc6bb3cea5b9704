"""What the rules of accounts say no with, in words for the person."""

from flask_babel import LazyString

from neupusti.core.web.errors import DomainError


class AccountError(Exception):
    """An answer that a rule refuses: the field it stands in, and the words beside it."""

    def __init__(self, field: str, words: str | LazyString) -> None:
        super().__init__(field)
        self.field, self.words = field, words


class GoneError(DomainError):
    """A link that does not work any more: used, expired, or never one of ours."""

    status = 404
