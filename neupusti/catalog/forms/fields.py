"""Fields of the forms about goods: numbers, days, articles, names."""

import re
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _

from neupusti.catalog.service import labels
from neupusti.core.forms.fields import FieldError, Text, TextLine
from neupusti.core.text.languages import Language

PIECES_DIGITS = 5
LONGEST_NAME = 100
LONGEST_WORDS = 200
"""Characters of a reason, and of what a photo shows."""


class Digits(TextLine):
    """A whole number; only the digits 0 to 9 count, `１２` and `1_0` are refused."""

    def __init__(self, label: Text, *, least: int = 1, longest: int, **kwargs: Any) -> None:
        super().__init__(label, longest=longest, autocomplete="off", **kwargs)
        self.least = least

    def parse(self, answer: str) -> str:
        """Return the digits; raise FieldError."""
        if not re.fullmatch(rf"[0-9]{{1,{self.longest}}}", answer):
            raise FieldError(
                _(
                    "Write a whole number in digits, at most %(most)s of them.",
                    most=self.longest,
                )
            )
        if int(answer) < self.least:
            raise FieldError(_("Write a number from %(least)s.", least=self.least))
        return answer

    @property
    def number(self) -> int:
        """The number; 0 where the field is empty."""
        return int(self.data or 0)

    @property
    def number_or_none(self) -> int | None:
        """The number, or None where the field is empty."""
        return self.number if self.data else None

    def __call__(self, **kwargs: Any) -> Any:
        """Render the input with the keyboard for digits."""
        return super().__call__(**{"inputmode": "numeric", **kwargs})


class CalendarDay(TextLine):
    """A day, as browsers send it: 2026-11-30."""

    longest = 10

    def parse(self, answer: str) -> str:
        """Return the day in ISO 8601; raise FieldError."""
        if self._day(answer) is None:
            raise FieldError(_("Write the day like 2026-11-30."))
        return answer

    @property
    def day(self) -> date | None:
        """The day, or None where the field is empty."""
        return self._day(str(self.data or ""))

    def __call__(self, **kwargs: Any) -> Any:
        """Render the input of browsers for days."""
        return super().__call__(**{"type": "date", **kwargs})

    @staticmethod
    def _day(text: str) -> date | None:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None


class Article(TextLine):
    """The shop's own number of a product: Latin, since К and K look alike."""

    longest = 40

    def parse(self, answer: str) -> str:
        """Return it in upper case; raise FieldError."""
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9./_-]*", answer):
            raise FieldError(_("Use Latin letters, digits, hyphens, dots and slashes."))
        return super().parse(answer).upper()


def name(language: Language) -> TextLine:
    """Declare the name of a product or a category in one language."""
    return TextLine(
        labels.COLUMNS["name"],
        empty=_("Write the name: %(language)s.", language=language.own_name),
        longest=LONGEST_NAME,
        render_kw={"lang": language.value},
    )


def reason() -> TextLine:
    """Declare the reason of a change of stock."""
    return TextLine(
        _("The reason"),
        empty=_("Say why: the journal keeps it."),
        longest=LONGEST_WORDS,
        autocomplete="off",
    )
