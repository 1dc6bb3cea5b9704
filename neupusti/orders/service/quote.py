"""What an order would cost, as it is shown before it is sent, and its digest.

The digest is kept in the order: with language and edition it proves what was shown.
"""

from dataclasses import dataclass
from datetime import date

from neupusti.core.text.languages import Language
from neupusti.orders.models.order import Delivery, Payment
from neupusti.orders.service.basket import Basket, Shown


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """Some pieces of one product at a price in tenge."""

    product: int
    quantity: int
    unit_price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Goods, delivery and total of an order that is not sent yet; in tenge."""

    lines: tuple[QuoteLine, ...]
    delivery: Delivery
    payment: Payment
    language: Language
    edition: date
    """The edition of the policy in force."""

    @property
    def goods(self) -> int:
        """The price of the goods."""
        return sum(line.quantity * line.unit_price for line in self.lines)

    @property
    def fee(self) -> int:
        """The price of the delivery."""
        raise NotImplementedError

    @property
    def total(self) -> int:
        """What is to pay."""
        return self.goods + self.fee

    @property
    def digest(self) -> str:
        """64 hexadecimal digits over all of it: the field `quote` of the check page."""
        raise NotImplementedError


def of(
    view: Shown, *, delivery: Delivery, payment: Payment, language: Language, edition: date
) -> Quote:
    """Return the quote that the check page shows: the prices of `view`."""
    raise NotImplementedError


def as_seen(
    basket: Basket,
    *,
    delivery: Delivery,
    payment: Payment,
    language: Language,
    edition: date,
) -> Quote:
    """Return the quote by the prices that the basket carries."""
    raise NotImplementedError
