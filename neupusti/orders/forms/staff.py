"""The forms of the board: a search, and the presses that move an order on."""

import re

from flask_babel import lazy_gettext as _
from wtforms import HiddenField

from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import Form
from neupusti.core.forms.fields import FieldError, TextArea, TextLine

AMOUNT = re.compile(r"-?[0-9]{1,9}", re.ASCII)
SPACES = re.compile(r"[ \u00a0\u202f]")


class SearchForm(Form):
    """Search for orders; sent in the request body, since the query is personal (1.1.4)."""

    purposes = (Purpose.IDENTIFICATION, Purpose.FEEDBACK)

    q = TextLine(
        _("Number, name or last digits of the phone"),
        empty=_("Write a number, the beginning of a name or four digits of the phone."),
        hint=_("The journal keeps the fact that you searched, not what for."),
        clause="3.2",
        autocomplete="off",
    )


class PressForm(Form):
    """A press on an order: the version that was seen, and why."""

    purposes = (Purpose.NOTICES, Purpose.FEEDBACK)

    version = HiddenField()
    reason = TextLine(_("Reason"), clause="3.4", autocomplete="off")


class ParcelForm(PressForm):
    """A press on a parcel."""

    track = TextLine(_("Tracking number"), longest=40, autocomplete="off")


class CollectForm(Form):
    """Who collects an order knows its number and the end of the phone."""

    purposes = (Purpose.IDENTIFICATION,)

    version = HiddenField()
    number = TextLine(
        _("Number, as the buyer says it"),
        empty=_("Write the number that the buyer says."),
        longest=40,
        autocomplete="off",
    )
    phone_end = TextLine(
        _("Last four digits of the phone"),
        empty=_("Write the four digits that the buyer says."),
        clause="3.2.2",
        longest=4,
        autocomplete="off",
    )


class Amount(TextLine):
    """Whole tenge, with or without spaces between the thousands; not zero."""

    longest = 15

    def parse(self, answer: str) -> str:
        """Return the digits; raise FieldError."""
        digits = SPACES.sub("", answer).replace("−", "-")
        if not AMOUNT.fullmatch(digits) or not int(digits):
            raise FieldError(_("Write whole tenge in digits, like 12 990."))
        return digits


class PaymentForm(Form):
    """An entry of money; it is never edited, a wrong one is set right by another."""

    version = HiddenField()
    amount = Amount(_("Amount, tenge"), empty=_("Write the amount."), autocomplete="off")
    reference = TextLine(_("Reference"), longest=120, autocomplete="off")
    receipt_url = TextLine(_("Link of the receipt"), longest=500, autocomplete="off")


class NoteForm(Form):
    """A note for colleagues; no e-mail holds it."""

    purposes = (Purpose.NOTICES, Purpose.FEEDBACK)

    version = HiddenField()
    words = TextArea(
        _("Note for colleagues"), clause="3.4", longest=1000, empty=_("Write the note.")
    )
