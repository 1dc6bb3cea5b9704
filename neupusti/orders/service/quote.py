"""What an order would cost, as it is shown before it is sent, and its digest.

The digest is kept in the order: with language and edition it proves what was shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

from neupusti.core.text.languages import Language
from neupusti.orders.models.order import Delivery, Payment
from neupusti.orders.service import delivery as deliveries
from neupusti.orders.service.basket import Basket


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
        return deliveries.fee(self.delivery, self.goods)

    @property
    def total(self) -> int:
        """What is to pay."""
        return self.goods + self.fee

    @property
    def digest(self) -> str:
        """64 hexadecimal digits over all of it: the field `quote` of the check page."""
        lines = sorted((x.product, x.quantity, x.unit_price) for x in self.lines)
        how = (self.delivery, self.payment, self.language, self.edition.isoformat())
        text = "\n".join(map(str, (*lines, *how, self.fee, self.total)))
        return sha256(text.encode()).hexdigest()

    def priced(self, prices: Mapping[int, int]) -> "Quote":
        """Return the same at other prices (product -> tenge)."""
        lines = tuple(replace(x, unit_price=prices[x.product]) for x in self.lines)
        return replace(self, lines=lines)


def of(
    basket: Basket,
    *,
    delivery: Delivery,
    payment: Payment,
    language: Language,
    edition: date,
) -> Quote:
    """Return the quote by the prices that the basket carries.

    The check page shows it of `basket_view.seen`, whose prices are today's, and writes that
    basket into the cookie: so what was seen is what is compared when the order is sent.
    """
    return Quote(
        lines=tuple(QuoteLine(x.product, x.quantity, x.price_seen) for x in basket.lines),
        delivery=delivery,
        payment=payment,
        language=language,
        edition=edition,
    )
