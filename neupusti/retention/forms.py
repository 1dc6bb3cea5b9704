"""The forms of staff: a hold, its release, and a sweep that asks."""

from datetime import date, timedelta

from flask_babel import lazy_gettext as _
from wtforms import HiddenField
from wtforms.validators import ValidationError

from neupusti.core import clock
from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import Form
from neupusti.core.forms.fields import Checkbox, TextLine
from neupusti.core.forms.reason import Reason
from neupusti.core.web import pagination
from neupusti.retention.service.errors import (
    LAST_DAY,
    NO_DOCUMENT,
    NO_LAW,
    NO_PERSON,
    REVIEW_LIMIT,
    WITH_ADDRESS,
)
from neupusti.retention.service.placing import LONGEST, LONGEST_REVIEW, Wish
from neupusti.rights.forms import Day

LATEST = timedelta(days=100 * 366)
LIKE = _("Like 2026-11-26")


def _is_day_of_review(day: str) -> bool:
    today = clock.today()
    return today < date.fromisoformat(day) <= today + LONGEST_REVIEW


class ReasonForm(Form):
    """Why a member of staff does it."""

    purposes = (Purpose.IDENTIFICATION,)

    reason = Reason(_("Reason"))


class AllowForm(ReasonForm):
    """A sweep that may go on."""

    rule = HiddenField()


class ReviewForm(ReasonForm):
    """A hold that is kept until it is looked at again."""

    review = Day(
        _("To be looked at again by"),
        empty=_("Write a day."),
        hint=LIKE,
        autocomplete="off",
    )

    def validate_review(self, field: Day) -> None:
        """Refuse a day that is too far away."""
        if not _is_day_of_review(field.data):
            raise ValidationError(str(REVIEW_LIMIT))

    @property
    def day(self) -> date:
        """The day of the next look."""
        return date.fromisoformat(self.review.data)


class HoldForm(ReviewForm):
    """A new hold."""

    person = TextLine(
        _("Number of the person"),
        longest=10,
        hint=_("If everything about them is held"),
        autocomplete="off",
    )
    order = TextLine(
        _("Number of the order"),
        longest=20,
        hint=_("If one order is held"),
        autocomplete="off",
    )
    law = TextLine(
        _("Law"),
        longest=LONGEST,
        empty=NO_LAW,
        hint=_("Its name, number and article"),
        autocomplete="off",
    )
    document = TextLine(
        _("Document"),
        longest=LONGEST,
        empty=NO_DOCUMENT,
        hint=_("Who issued it, number and day"),
        autocomplete="off",
    )
    until = Day(
        _("Last day"),
        hint=_("Empty: until somebody releases it"),
        autocomplete="off",
    )
    silent = Checkbox(_("The document forbids to tell the person"))

    def validate_person(self, field: TextLine) -> None:
        """Refuse what is no number."""
        if field.data and pagination.whole(field.data) is None:
            raise ValidationError(str(NO_PERSON))

    def validate_law(self, field: TextLine) -> None:
        """Refuse an e-mail address."""
        if "@" in field.data:
            raise ValidationError(str(WITH_ADDRESS))

    validate_document = validate_law

    def validate_until(self, field: Day) -> None:
        """Refuse a day that is over, or one that nobody lives to see."""
        today = clock.today()
        if field.data and not today < date.fromisoformat(field.data) <= today + LATEST:
            raise ValidationError(str(LAST_DAY))

    @property
    def wish(self) -> Wish:
        """The hold."""
        return Wish(
            person=pagination.whole(self.person.data) if self.person.data else None,
            order=self.order.data or "",
            law=self.law.data,
            document=self.document.data,
            reason=self.reason.data,
            silent=bool(self.silent.data),
            until=date.fromisoformat(self.until.data) if self.until.data else None,
            review=self.day,
        )
