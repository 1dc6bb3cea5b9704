"""The forms of buyers: the order form in steps, and what is changed of an order later."""

import re
from collections.abc import Sequence
from enum import StrEnum

from flask_babel import lazy_gettext as _
from wtforms import HiddenField

from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import Form
from neupusti.core.forms.consent import Consent
from neupusti.core.forms.fields import (
    Checkbox,
    Email,
    Name,
    Phone,
    TextArea,
    TextLine,
)
from neupusti.core.text import order_numbers
from neupusti.orders.forms.address import FOR_DELIVERY, AddressFields, Options, options
from neupusti.orders.models.order import Delivery
from neupusti.orders.service import delivery as deliveries

COMMENT, WORDS = 500, 2000
DIGEST, NO_QUOTE = re.compile(r"[0-9a-f]{64}"), "0" * 64
"""The shape of a quote's digest, and one that no quote has."""


class Step(StrEnum):
    """A page of the order form, in this order."""

    CONTACT = "contact"
    DELIVERY = "delivery"
    ADDRESS = "address"
    PAYMENT = "payment"
    CHECK = "check"


STEP_FIELDS: dict[Step, tuple[str, ...]] = {
    Step.CONTACT: (
        *("family_name", "given_name", "patronymic", "phone", "email", "account"),
    ),
    Step.DELIVERY: ("delivery",),
    Step.ADDRESS: (*("region", "city", "street", "house", "flat", "postcode", "comment"),),
    Step.PAYMENT: ("payment",),
    Step.CHECK: ("consent",),
}


class QuoteDigest(HiddenField):  # type: ignore[misc]  # the library is untyped
    """The digest of the quote that was shown; anything else sent matches no quote."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Keep only what has the shape of a digest: the order stores it."""
        for sent in valuelist[:1]:
            self.data = sent if not sent or DIGEST.fullmatch(sent) else NO_QUOTE


class CheckoutForm(AddressFields, Form):
    """An order: every step's fields, of which a page shows one step's."""

    purposes = (
        Purpose.IDENTIFICATION,
        Purpose.FEEDBACK,
        Purpose.CONFIRMATION,
        Purpose.NOTICES,
    )

    family_name = Name(
        _("Family name"), empty=_("Enter your family name."), autocomplete="family-name"
    )
    given_name = Name(
        _("Given name"), empty=_("Enter your given name."), autocomplete="given-name"
    )
    patronymic = Name(_("Patronymic"), autocomplete="additional-name")
    phone = Phone(
        _("Phone"),
        empty=_("Enter your phone."),
        hint=_("To agree on the delivery; whoever delivers gets it"),
    )
    email = Email(
        _("E-mail"),
        empty=_("Enter your e-mail."),
        hint=_("The order number and every change to it come there"),
    )
    account = Checkbox(
        _("I also want an account, to see my orders in one place"),
        hint=_("We ask for a password after the order; the order does not depend on it"),
    )
    delivery = Options(
        _("How do you want to get the order?"),
        empty=_("Choose how you want to get the order."),
        choices=lambda: options(
            {one: deliveries.DELIVERY_NAMES[one] for one in deliveries.offered()}
        ),
    )
    comment = TextArea(
        _("Note for the delivery"),
        clause=FOR_DELIVERY,
        longest=COMMENT,
        hint=_("Entrance, floor, door phone, a good hour: whoever delivers may read it"),
    )
    payment = Options(
        _("How do you want to pay?"),
        empty=_("Choose how you want to pay."),
        choices=options(deliveries.PAYMENT_NAMES),
    )
    consent = Consent()
    quote = QuoteDigest()
    basket = HiddenField()

    @property
    def chosen(self) -> Delivery | None:
        """The method of delivery, once a valid one is chosen."""
        return Delivery(self.delivery.data) if self.delivery.data in {*Delivery} else None

    @property
    def steps(self) -> Sequence[Step]:
        """The steps of this order: without the address where none is needed."""
        return [
            step
            for step in Step
            if step is not Step.ADDRESS or (self.chosen and self.chosen.needs_address)
        ]

    def check_before(self, step: Step) -> Step:
        """Validate the steps before `step`; return the first that is wrong, else `step`.

        Only the errors of the step that is returned stay: the page shows no other. The
        consent is given on the page that is sent, and on no other.
        """
        self.validate()
        self.consent.data = False
        steps = self.steps
        before = steps[: steps.index(step)]
        wrong = next((s for s in before if any(map(self._errors, STEP_FIELDS[s]))), None)
        self.keep_errors(wrong)
        return wrong or step

    def check_all(self) -> Step | None:
        """Validate all of it; return the first step that is wrong."""
        self.validate()
        wrong = next(
            (s for s in self.steps if any(map(self._errors, STEP_FIELDS[s]))), None
        )
        self.keep_errors(wrong)
        return wrong

    def keep_errors(self, step: Step | None) -> None:
        """Drop the errors of every field that is not of `step`."""
        for field in self:
            if step is None or field.name not in STEP_FIELDS[step]:
                field.errors = ()

    def carried(self, step: Step) -> dict[str, str]:
        """Return the answers of the other steps, for hidden fields of the page."""
        names = [
            name
            for other in Step
            if other not in {step, Step.CHECK}
            for name in STEP_FIELDS[other]
        ]
        told = {name: self[name].data for name in names}
        return {
            name: "y" if answer is True else answer
            for name, answer in told.items()
            if answer
        }

    def _errors(self, name: str) -> Sequence[str]:
        errors: Sequence[str] = self[name].errors
        return errors


class AddressForm(AddressFields, Form):
    """Another address for an order that was not handed over yet."""

    purposes = (Purpose.IDENTIFICATION, Purpose.FEEDBACK)

    version = HiddenField()


class PiecesForm(Form):
    """Pieces of the lines of an order; their fields come with the order."""

    version = HiddenField()


class ReturnForm(Form):
    """What shall be returned, and why."""

    purposes = (Purpose.FEEDBACK, Purpose.NOTICES)

    version = HiddenField()
    words = TextArea(
        _("What is the reason?"),
        clause="3.4",
        longest=WORDS,
        empty=_("Say in a few words what is the reason."),
        hint=_("Tell us what is wrong with it, if something is"),
    )


class FindForm(Form):
    """The number and the e-mail of an order."""

    purposes = (Purpose.IDENTIFICATION,)

    number = TextLine(
        _("Number of the order"),
        empty=_("Enter the number of the order."),
        longest=order_numbers.LONGEST,
        hint=_("Like NP-261122-7K3F-5, from our e-mail"),
    )
    email = Email(
        _("E-mail"),
        empty=_("Enter your e-mail."),
        hint=_("The one you gave with the order"),
    )
