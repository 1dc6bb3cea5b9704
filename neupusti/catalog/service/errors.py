"""The errors of the staff's work with goods, with messages for them."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

from flask_babel import LazyString

Message: TypeAlias = str | LazyString


class CatalogError(Exception):
    """Refused values: field -> the message to show beside it."""

    def __init__(self, errors: Mapping[str, Message]) -> None:
        super().__init__(*errors)
        self.errors = errors


class PublishError(Exception):
    """A product that cannot be published, lose its photo or go, and every reason for it."""

    def __init__(self, *reasons: Message) -> None:
        super().__init__("not publishable")
        self.reasons = reasons


class ConflictError(Exception):
    """Somebody else saved after the form was opened; who and when, as far as known."""

    def __init__(self, staff: int | None = None, at: datetime | None = None) -> None:
        super().__init__("saved meanwhile")
        self.staff, self.at = staff, at
