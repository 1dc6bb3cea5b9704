"""How an order reaches its buyer: methods, prices, recipients, regions and postcodes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from neupusti.core.forms.consent import Statement
from neupusti.core.text.languages import Language
from neupusti.orders.models.order import Delivery, Payment

POSTCODE = re.compile(r"[0-9]{6}|[A-Z][0-9]{2}[A-Z0-9][0-9][A-Z0-9][0-9]")


class RecipientKind(StrEnum):
    """What kind of recipient a parcel's data are handed to (5.2)."""

    NONE = "none"
    """The operator's own staff at the pick-up point: nobody else."""
    COURIER = "courier"
    POST = "post"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who gets the data of an order to deliver it."""

    kind: RecipientKind
    name: LazyString
    country: str
    """ISO 3166-1 alpha-2."""
    cross_border: bool
    """Whether the data leave Kazakhstan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address of delivery, its parts as they are stored; missing ones are empty."""

    region: str
    """ISO 3166-2: `KZ-75`."""
    city: str
    street: str
    house: str
    flat: str
    postcode: str


class PostcodeError(ValueError):
    """The text is neither kind of postcode."""


class RegionError(ValueError):
    """The text names no region of Kazakhstan."""


DELIVERY_NAMES: Mapping[Delivery, LazyString] = {
    Delivery.PICKUP: _("Collect it yourself"),
    Delivery.COURIER: _("Courier"),
    Delivery.POST: _("Kazpost"),
}
PAYMENT_NAMES: Mapping[Payment, LazyString] = {
    Payment.CASH: _("Cash on delivery"),
    Payment.CARD_ON_DELIVERY: _("Card on delivery"),
    Payment.INVOICE: _("Invoice, before the delivery"),
}


def recipient(delivery: Delivery) -> Recipient:
    """Return who gets the data of an order delivered like this."""
    raise NotImplementedError


def statement(delivery: Delivery) -> Statement:
    """Return the consent that an order needs: it names recipient, country, cross-border."""
    raise NotImplementedError


def fee(delivery: Delivery, goods: int) -> int:
    """Return the price of a delivery of goods worth `goods`; both in tenge."""
    raise NotImplementedError


def pickup_address() -> str:
    """Return where orders are collected: the operator's address unless a setting says."""
    raise NotImplementedError


def regions(language: Language) -> list[tuple[str, str]]:
    """Return (code, name) of the 20 regions: the three cities first, then by name."""
    raise NotImplementedError


def region_name(code: str, language: Language) -> str:
    """Return the name of a region by its ISO 3166-2 code."""
    raise NotImplementedError


def region(text: str) -> str:
    """Return the code of a region by its code or any accepted spelling; RegionError."""
    raise NotImplementedError


def postcode(text: str) -> str:
    """Return a postcode as it is stored; raise PostcodeError.

    Both kinds: six digits (050000), and seven signs (A15E3B7), in Cyrillic look-alikes
    too. Spaces and hyphens are dropped.
    """
    raise NotImplementedError
