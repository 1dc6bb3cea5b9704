"""The form of a day of the calendar."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms.fields import SelectChoice

from neupusti.catalog.forms.fields import CalendarDay
from neupusti.core.forms.base import Form
from neupusti.core.forms.fields import Choice, FieldError, TextLine
from neupusti.core.text import dates, languages
from neupusti.deadlines.service import calendar
from neupusti.deadlines.service.calendar import KINDS, Entry


class NearDay(CalendarDay):
    """A day that may be entered."""

    def parse(self, answer: str) -> str:
        """Return the day in ISO 8601; raise FieldError."""
        text, last = super().parse(answer), calendar.last_day()
        if self.day is None or not calendar.FIRST <= self.day <= last:
            first, end = (
                dates.in_words(day, languages.current()) for day in (calendar.FIRST, last)
            )
            raise FieldError(
                gettext("Write a day from %(first)s to %(last)s.", first=first, last=end)
            )
        return text


class SourceLine(TextLine):
    """Where it is written that a day is off or worked."""

    longest = calendar.LONGEST

    def parse(self, answer: str) -> str:
        """Return the source; raise FieldError where it is too short to be one."""
        source = super().parse(answer)
        if len(source) < calendar.SHORTEST:
            raise FieldError(_("Name the order or its address."))
        return source


class DayForm(Form):
    """A day off or a worked day, with its source."""

    day = NearDay(_("Day"), empty=_("Write the day like 2026-11-30."), autocomplete="off")
    kind = Choice(_("What it is"), default="off")
    source = SourceLine(
        _("Source"),
        empty=_("Name the order or its address."),
        hint=_("The order of the government: its number or its address"),
        autocomplete="off",
    )

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        words = {"off": _("day off"), "worked": _("working day")}
        self.kind.choices = [SelectChoice(kind, words[kind]) for kind in KINDS]

    @property
    def entry(self) -> Entry:
        """The day that was written, once the form is valid."""
        if self.day.day is None:
            raise ValueError("the form is not valid")
        return Entry(self.day.day, KINDS[self.kind.data], self.source.data)
