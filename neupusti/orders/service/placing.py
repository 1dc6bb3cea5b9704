"""Place an order: one write transaction, and the same order for every repetition."""

from dataclasses import dataclass

from neupusti.core.records.consents import GivenConsent
from neupusti.core.text.languages import Language
from neupusti.orders.models.order import Delivery, Payment
from neupusti.orders.service.addresses import Address
from neupusti.orders.service.basket import Basket


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who orders, as the form (or the account) says, validated."""

    family_name: str
    given_name: str
    patronymic: str
    email: str
    phone: str
    """E.164."""
    language: Language
    person: int | None = None
    """The number of the signed-in person, whose e-mail is confirmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How the order shall reach the buyer and be paid, validated."""

    delivery: Delivery
    payment: Payment
    address: Address | None
    """None exactly where the method needs none."""
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The order that a sending reached."""

    number: str
    token: int | None
    """The id of a link token: `session["orders"][number]` lets this browser see the order.

    None where the order is another person's: then the page offers to find it by e-mail.
    """
    created: bool
    """False: this basket had been sent before, and this is the order it became."""
    same: bool
    """Whether its goods are those that were sent now; False is said on its page."""
    fell: bool = False
    """Whether something costs less than what was shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What came with the sending."""

    consent: GivenConsent
    """`form="order"`, purpose 4.1.1, the text of `delivery.statement`."""
    quote: str
    """The digest that the check page showed; empty: the prices in the basket were seen."""
    network: str
    """The network that sent it, as `throttle.network` returns it."""


def place(basket: Basket, buyer: Buyer, wish: Wish, proof: Proof) -> Placed:
    """Place an order; a second call with the same basket returns the first order.

    Raise ShortageError, PriceRoseError, QuoteChangedError,
    OrderError for an empty basket, TooManyError. Nothing is stored then.
    """
    raise NotImplementedError
