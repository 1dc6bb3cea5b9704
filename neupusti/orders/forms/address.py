"""The fields of the address of a delivery (3.2.5), and of a choice by radio buttons."""

from collections.abc import Mapping
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from wtforms.fields import SelectChoice
from wtforms.validators import StopValidation

from neupusti.core.forms.fields import Choice, FieldError, TextLine
from neupusti.core.text import languages
from neupusti.orders.service import addresses
from neupusti.orders.service.addresses import Address

PART = 120
"""The longest part of an address, in characters."""
FOR_DELIVERY = "3.2.5"


class Options(Choice):
    """One of a few options, each with a radio button; none is chosen at first."""

    def __init__(self, label: LazyString, *, empty: LazyString, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.empty = empty

    def pre_validate(self, form: Any) -> None:
        """Refuse no answer, and what is not in the list."""
        if not self.data:
            raise StopValidation(str(self.empty))
        super().pre_validate(form)


class Region(Options):
    """A region of Kazakhstan: its ISO 3166-2 code, or any accepted spelling."""

    data: str
    clause = FOR_DELIVERY
    autocomplete = "address-level1"

    def __init__(self, label: LazyString, **kwargs: Any) -> None:
        super().__init__(label, choices=self._offered, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the code; what names no region stays as it was sent, to be refused."""
        for sent in valuelist[:1]:
            try:
                self.data = addresses.region(sent)
            except addresses.RegionError:
                self.data = sent

    @staticmethod
    def _offered() -> list[SelectChoice]:
        named = addresses.regions(languages.current())
        return [SelectChoice("", _("Choose")), *(SelectChoice(*one) for one in named)]


class Postcode(TextLine):
    """A postcode of either kind."""

    clause = FOR_DELIVERY
    autocomplete = "postal-code"
    longest = 20

    def parse(self, answer: str) -> str:
        """Return the postcode as it is stored; raise FieldError."""
        try:
            return addresses.postcode(answer)
        except addresses.PostcodeError:
            raise FieldError(_("Write six digits like 050000, or like A15E3B7.")) from None


def options(names: Mapping[Any, LazyString]) -> list[SelectChoice]:
    """Return the choices of a field, from what each is called."""
    return [SelectChoice(one.value, name) for one, name in names.items()]


class AddressFields:
    """The fields of an address of delivery (3.2.5)."""

    region = Region(_("Region, or Astana, Almaty, Shymkent"), empty=_("Choose the region."))
    city = TextLine(
        _("City, town or village"),
        empty=_("Enter the city, town or village."),
        clause=FOR_DELIVERY,
        longest=PART,
        autocomplete="address-level2",
    )
    street = TextLine(
        _("Street or district"),
        clause=FOR_DELIVERY,
        longest=PART,
        autocomplete="address-line1",
        hint=_("Leave it empty where there are no streets"),
    )
    house = TextLine(
        _("House"),
        empty=_("Enter the house."),
        clause=FOR_DELIVERY,
        longest=PART,
        autocomplete="address-line2",
        hint=_("Number, and building if there is one"),
    )
    flat = TextLine(
        _("Flat or office"),
        clause=FOR_DELIVERY,
        longest=PART,
        autocomplete="address-line3",
    )
    postcode = Postcode(_("Postcode"), hint=_("Six digits, or seven signs of the new kind"))


def address_of(form: AddressFields | Any) -> Address:
    """Return the address that a valid form holds."""
    return Address(
        region=form.region.data,
        city=form.city.data,
        street=form.street.data,
        house=form.house.data,
        flat=form.flat.data,
        postcode=form.postcode.data,
    )
