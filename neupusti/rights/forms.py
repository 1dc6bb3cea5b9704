"""The forms of rights: of people, and of staff."""

from datetime import date
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import HiddenField
from wtforms.fields import SelectChoice
from wtforms.validators import ValidationError

from neupusti.core import clock
from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import Form
from neupusti.core.forms.fields import (
    Choice,
    Code,
    Email,
    FieldError,
    TextArea,
    TextLine,
    line,
)
from neupusti.core.forms.reason import Reason
from neupusti.core.forms.submission import Submission
from neupusti.core.text.languages import Language
from neupusti.core.web import pagination
from neupusti.rights.models import GROUNDS, OUTCOMES, Channel, Decision, RequestKind
from neupusti.rights.service import correcting
from neupusti.rights.service.correcting import OTHER, Value
from neupusti.rights.service.errors import NO_PERSON, RightsError
from neupusti.rights.service.words import (
    CHANNELS,
    DECISIONS,
    FIELDS,
    KINDS,
    OUTCOME_LABELS,
)

LONGEST = 4000
TALL = {"rows": 4}
OLDEST = date(2022, 8, 4)
"""The first edition of the policy: nothing was received before it."""


class AskForm(Form):
    """Whoever has no account proves an address; the button says which right."""

    purposes = (Purpose.IDENTIFICATION, Purpose.FEEDBACK)

    email = Email(
        _("E-mail"),
        empty=_("Enter your e-mail."),
        hint=_("The one of your orders, questions or news: a link comes there"),
    )


class ValueForm(Form):
    """A value that is wrong, and what is right."""

    purposes = (Purpose.CONFIRMATION, Purpose.FEEDBACK)

    value = Choice(_("What is wrong?"), choices=[])
    proposed = TextLine(
        _("What is right?"),
        clause="3.4",
        autocomplete="off",
        hint=_("Empty: the value should go, as a patronymic you do not have"),
    )

    def offer(self, values: list[Value]) -> None:
        """Offer the values that can be contested."""
        self.value.choices = [
            SelectChoice(one.key, f"{one.number}: {FIELDS[one.field]}: {one.now or '–'}")
            for one in values
        ]

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each answer, and whether they fit each other."""
        if super().validate(extra_validators) and (problem := self.problem()):
            self.refuse(*problem)
        return not self.errors

    def problem(self) -> tuple[str, str] | None:
        """Return the field that does not fit the others, and why."""
        name = self.value.data.rpartition(":")[2]
        try:
            self.proposed.data = correcting.parsed(name, self.proposed.data)
        except RightsError as error:
            return "proposed", str(error.message)
        return None


class CorrectForm(ValueForm):
    """A value of a list, or something else in words."""

    about = TextArea(
        _("What else should we know?"),
        clause="3.4",
        longest=LONGEST,
        hint=_("If it is not in the list, write here what is wrong and what is right"),
        render_kw=TALL,
    )

    def offer(self, values: list[Value]) -> None:
        """Offer the values that the person may contest, and one that is in no list."""
        super().offer(values)
        self.value.choices.append(SelectChoice(OTHER, _("Something else")))

    def problem(self) -> tuple[str, str] | None:
        """Ask for words about what is in no list."""
        if not self.value.data and not self.about.data:
            return "about", gettext("Write what is wrong and what is right.")
        return super().problem()


class StatusForm(Form):
    """The code of a request."""

    code = Code(
        _("Code"),
        empty=_("Write the code of our e-mail."),
        hint=_("Twelve letters and digits, from our e-mail about the request"),
        autocomplete="off",
    )


class Archive(FileField):  # type: ignore[misc]  # the library is untyped
    """The manifest of an archive; nothing of it is kept."""

    clause = ""
    autocomplete = ""
    hint = ""


class Sha256(TextLine):
    """A SHA-256, in hexadecimal."""

    longest = 80

    def parse(self, answer: str) -> str:
        """Return 64 hexadecimal digits in lower case; raise FieldError."""
        digits = "".join(line(answer, self.longest).split()).lower()
        if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):  # noqa: PLR2004 - of SHA-256
            raise FieldError(_("A SHA-256 has 64 letters and digits, from 0 to f."))
        return digits


class VerifyForm(Form):
    """An archive, by its manifest or its hash."""

    manifest = Archive(_("manifest.json of the archive"))
    sha256 = Sha256(_("Or the SHA-256 of the whole archive"), autocomplete="off")


class Day(TextLine):
    """A day, as 2026-11-26."""

    longest = 10

    def parse(self, answer: str) -> str:
        """Return the day; raise FieldError."""
        try:
            return date.fromisoformat(answer).isoformat()
        except ValueError:
            raise FieldError(_("Write the day like 2026-11-26.")) from None


class EnterForm(Form):
    """A request that did not come through the site."""

    purposes = (Purpose.IDENTIFICATION, Purpose.FEEDBACK)

    submission = Submission()
    kind = Choice(
        _("What is asked"),
        choices=[SelectChoice(one.value, KINDS[one]) for one in RequestKind],
    )
    channel = Choice(
        _("How it came"),
        choices=[
            SelectChoice(one.value, CHANNELS[one]) for one in Channel if one != Channel.SITE
        ],
    )
    received = Day(
        _("Day of receipt"),
        empty=_("Write the day of receipt: the term counts from it."),
        hint=_("Like 2026-11-26"),
        autocomplete="off",
    )
    language = Choice(
        _("Language"), choices=[SelectChoice(one.value, one.own_name) for one in Language]
    )
    person = TextLine(
        _("Number of the person"),
        longest=10,
        hint=_("If they have an account: answers go to its e-mail"),
        autocomplete="off",
    )
    email = Email(_("E-mail for the answer"), autocomplete="off")
    agent = TextLine(
        _("Paper that you saw"),
        clause="3.2.1",
        hint=_("Kind, number and date; of a representative the name too. Make no copy."),
        autocomplete="off",
    )
    about = TextArea(
        _("What is asked, in words"),
        clause="3.4",
        longest=LONGEST,
        empty=_("Write what is asked."),
        render_kw=TALL,
    )

    @property
    def day(self) -> date:
        """The day of receipt."""
        return date.fromisoformat(self.received.data)

    def validate_received(self, field: Day) -> None:
        """Refuse a day in the future, or from before the policy."""
        day = date.fromisoformat(field.data)
        if day < OLDEST:
            raise ValidationError(
                str(_("This is before the first edition of the policy: check the year."))
            )
        if day > clock.today():
            raise ValidationError(str(_("The day of receipt is not after today.")))

    def validate_person(self, field: TextLine) -> None:
        """Refuse what is no number."""
        if field.data and pagination.whole(field.data) is None:
            raise ValidationError(str(NO_PERSON))


class AnswerForm(Form):
    """How a request ends, and why."""

    purposes = (Purpose.FEEDBACK,)

    outcome = Choice(_("Outcome"), choices=[])
    words = TextArea(
        _("Reason, for the person"),
        clause="3.4",
        longest=LONGEST,
        empty=_("Write the reason: the person reads it."),
        render_kw=TALL,
    )

    def offer(self, kind: RequestKind) -> None:
        """Offer the outcomes of a kind of request."""
        self.outcome.choices = [
            SelectChoice(one.value, OUTCOME_LABELS[one])
            for one in (*OUTCOMES[kind], *GROUNDS)
        ]


class VerdictForm(Form):
    """What staff found of one value; of the answer it is a part."""

    purposes = (Purpose.CONFIRMATION, Purpose.FEEDBACK)

    decision = Choice(
        _("Decision"),
        choices=[SelectChoice(one.value, DECISIONS[one]) for one in Decision],
    )
    value = TextLine(
        _("Another value"),
        clause="3.4",
        autocomplete="off",
        hint=_("Only where it is neither the present one nor what was proposed"),
    )


class TellForm(Form):
    """How a recipient was told."""

    purposes = (Purpose.FEEDBACK,)

    notice = HiddenField()
    how = Reason(_("How you told them"))
