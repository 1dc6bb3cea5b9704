"""The forms of requests: of those who ask, and of staff."""

from flask_babel import lazy_gettext as _
from wtforms import HiddenField
from wtforms.fields import SelectChoice
from wtforms.validators import ValidationError

from neupusti.contact.models import Subject
from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import Form
from neupusti.core.forms.consent import Consent, Statement
from neupusti.core.forms.fields import (
    Checkbox,
    Choice,
    Email,
    FieldError,
    Name,
    TextArea,
    TextLine,
)
from neupusti.core.forms.submission import Submission
from neupusti.core.text import order_numbers
from neupusti.core.text.order_numbers import OrderNumberError
from neupusti.policy.service.citing import cited

LONGEST = 4000
NO_NUMBERS = _("Leave out numbers of cards and documents: we never need them here")
TALL = {"rows": 6}
SUBJECTS = {
    Subject.GOODS: _("Goods"),
    Subject.ORDER: _("My order"),
    Subject.DELIVERY: _("Delivery"),
    Subject.RETURN: _("A return"),
    Subject.ACCOUNT: _("My account"),
    Subject.SITE: _("A fault of the site"),
    Subject.OTHER: _("Something else"),
}
STATEMENT = Statement(
    opening=_("I agree that my data are processed to answer me."),
    purpose=Purpose.FEEDBACK,
    purposes=(
        cited(_("to answer my question"), Purpose.FEEDBACK),
        cited(_("to help where the site does not work"), Purpose.SUPPORT),
    ),
    data=(
        _("given name, if I gave one"),
        _("e-mail"),
        _("what I write"),
        _("technical details, if I attach them"),
    ),
    term=_("3 years from the last message"),
    how_to_withdraw=_("by writing on the page of the question or to the operator"),
)


class OrderNumber(TextLine):
    """The number of an order, in any spelling; not personal."""

    longest = order_numbers.LONGEST

    def parse(self, answer: str) -> str:
        """Return the number as it is stored; raise FieldError."""
        try:
            return order_numbers.parse(answer)
        except OrderNumberError as error:
            raise FieldError(
                _("One of the signs is wrong: compare the number with our e-mail.")
                if error.mistyped
                else _("Write the number like NP-261122-7K3F-5.")
            ) from None


class ContactForm(Form):
    """A question to the shop."""

    purposes = (Purpose.FEEDBACK, Purpose.SUPPORT)

    subject = Choice(
        _("What is it about?"),
        choices=[
            SelectChoice("", _("Choose")),
            *(SelectChoice(one.value, SUBJECTS[one]) for one in Subject),
        ],
    )
    words = TextArea(
        _("Your question"),
        clause="3.4",
        longest=LONGEST,
        empty=_("Write your question."),
        hint=NO_NUMBERS,
        render_kw=TALL,
    )
    order_number = OrderNumber(
        _("Number of the order"),
        hint=_("If it is about an order: like NP-261122-7K3F-5, from our e-mail"),
        autocomplete="off",
    )
    given_name = Name(
        _("Given name"),
        autocomplete="given-name",
        hint=_("So that we know how to address you"),
    )
    email = Email(
        _("E-mail"), empty=_("Enter your e-mail."), hint=_("The answer comes there")
    )
    attach = Checkbox(_("Attach technical details"))
    consent = Consent()
    page = HiddenField()
    submission = Submission()
    website = TextLine(_("Leave this empty"), longest=200, autocomplete="off")
    """People do not see it; a machine that fills everything fills it too."""

    def validate_subject(self, field: Choice) -> None:
        """Refuse the choice that says nothing."""
        if not field.data:
            raise ValidationError(str(_("Choose what it is about.")))


class MessageForm(Form):
    """More about a request."""

    purposes = (Purpose.FEEDBACK, Purpose.SUPPORT)

    words = TextArea(
        _("Your message"),
        clause="3.4",
        longest=LONGEST,
        empty=_("Write your message."),
        hint=NO_NUMBERS,
        render_kw=TALL,
    )


class SearchForm(Form):
    """Search for requests; sent in the body, since the query is personal (1.1.4)."""

    purposes = (Purpose.IDENTIFICATION, Purpose.FEEDBACK)

    q = TextLine(
        _("Number or e-mail"),
        empty=_("Write a number or a whole e-mail."),
        hint=_("The journal keeps the fact that you searched, not what for."),
        clause="3.2",
        longest=254,
        autocomplete="off",
    )


class PressForm(Form):
    """A press on the version of a request that was seen."""

    version = HiddenField()


class AnswerForm(PressForm):
    """An answer, or a note for colleagues."""

    purposes = (Purpose.FEEDBACK, Purpose.SUPPORT)

    words = TextArea(
        _("Answer or note"),
        clause="3.4",
        longest=LONGEST,
        empty=_("Write the words."),
        hint=_("An answer goes out by e-mail and to the page; a note stays here"),
        render_kw=TALL,
    )


class LinkForm(PressForm):
    """Which order a request is about."""

    order_number = OrderNumber(
        _("Number of the order"), hint=_("Empty: none"), autocomplete="off"
    )


class CloseForm(PressForm):
    """Why a request needs no answer."""

    purposes = (Purpose.FEEDBACK,)

    reason = TextLine(
        _("Why it needs no answer"),
        clause="3.4",
        empty=_("Say why: the journal keeps it."),
        hint=_("The journal keeps these words"),
        autocomplete="off",
    )
