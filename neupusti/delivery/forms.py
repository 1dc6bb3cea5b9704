"""The forms of staff: a recipient, a hand-over, another address on the way."""

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, SelectMultipleField
from wtforms.fields import SelectChoice
from wtforms.validators import StopValidation

from neupusti.catalog.forms.fields import CalendarDay
from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import Form
from neupusti.core.forms.fields import Checkbox, Choice, TextLine
from neupusti.core.forms.reason import Reason
from neupusti.core.text import countries, languages
from neupusti.core.text.languages import Language
from neupusti.delivery.models import ALLOWED, Field
from neupusti.delivery.service import fields
from neupusti.delivery.service.editing import Draft
from neupusti.orders.forms.buyer import AddressForm
from neupusti.orders.models.recipient import RecipientKind

NAME = 100


class FieldList(SelectMultipleField):  # type: ignore[misc]  # the library is untyped
    """The fields that a recipient gets: a box for each that its kind may learn."""

    clause = ""

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - their signature
        """Refuse what is no field at all, and an empty list."""
        if not self.data:
            raise StopValidation(str(_("Tick at least one field.")))
        if not {*self.data} <= {*Field}:
            raise StopValidation(str(_("Choose one of the list.")))


class RecipientForm(Form):
    """A recipient, and why it is changed."""

    purposes = (Purpose.IDENTIFICATION,)

    opened = HiddenField()
    country = Choice(_("Country"))
    cross_border = Checkbox(
        _("The data cross the border of Kazakhstan"),
        hint=_("Also where the recipient is here and its servers or owners are abroad"),
    )
    contract = TextLine(
        _("Contract"), longest=120, hint=_("Number and day"), autocomplete="off"
    )
    contract_until = CalendarDay(_("Last day of the contract"), autocomplete="off")
    fields = FieldList(_("What it gets at most"))
    active = Checkbox(_("Gets parcels, and is named in the consent of the order form"))
    reason = Reason(_("Reason"), hint=_("It stays in the history and the journal"))

    def __init__(self, kind: RecipientKind, **kwargs: Any) -> None:
        """Offer what a recipient of `kind` may learn."""
        super().__init__(**kwargs)
        named = countries.names(languages.current())
        self.country.choices = [SelectChoice(*one) for one in named.items()]
        allowed = fields.in_order(ALLOWED[kind])
        self["fields"].choices = [(one.value, fields.LABELS[one]) for one in allowed]

    def draft(self) -> Draft:
        """Return the recipient that was written."""
        return Draft(
            **{f"name_{one}": self[f"name_{one}"].data for one in Language},
            country=self.country.data,
            cross_border=self.cross_border.data,
            contract=self.contract.data,
            contract_until=self.contract_until.day,
            fields=frozenset(map(Field, self["fields"].data)),
            active=self.active.data,
        )


for _language in Language:
    setattr(
        RecipientForm,
        f"name_{_language}",
        TextLine(
            _("Name"),
            empty=_("Write the name: %(language)s.", language=_language.own_name),
            longest=NAME,
            autocomplete="off",
            render_kw={"lang": _language.value},
        ),
    )


class HandOverForm(Form):
    """A hand-over of the ticked parcels."""

    purposes = (Purpose.IDENTIFICATION,)

    reason = TextLine(
        _("Reason"),
        clause="3.4",
        hint=_("Only needed where a parcel is handed over once more"),
        autocomplete="off",
    )
    track = TextLine(
        _("Tracking number"), longest=40, hint=_("Of one parcel"), autocomplete="off"
    )


class ReaddressForm(AddressForm):
    """Another address for what is on its way."""

    answer = Reason(
        _("What the courier said"),
        empty=_("Ask the courier first, and write the answer."),
        hint=_("“Called Yerlan: he can go there today”: the journal keeps these words"),
    )
