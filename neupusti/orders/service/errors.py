"""The errors of orders, with messages for the buyer or for staff."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from neupusti.core.text import money
from neupusti.core.web.errors import DomainError

NO_ORDER = lazy_gettext("There is no such order, or this link to it has ended.")


@dataclass(frozen=True, slots=True)
class Shortage:
    """A line of which there is not enough; `left` 0: sold out, or not sold any more."""

    product: int
    name: str
    wanted: int
    left: int

    def __str__(self) -> str:
        """Return it in words, in the language of the request."""
        text: str = (
            _(
                "“%(name)s”: only %(left)s left, you want %(wanted)s.",
                name=self.name,
                left=self.left,
                wanted=self.wanted,
            )
            if self.left
            else _("“%(name)s” is no longer available.", name=self.name)
        )
        return text


@dataclass(frozen=True, slots=True)
class Rise:
    """A price that is higher than the one shown, both in tenge.

    `product` None: the price of the delivery.
    """

    product: int | None
    name: str
    before: int
    now: int

    def __str__(self) -> str:
        """Return it in words, in the language of the request."""
        text: str = _(
            "“%(name)s” was %(before)s and is %(now)s now.",
            name=self.name or _("Delivery"),
            before=money.tenge(self.before),
            now=money.tenge(self.now),
        )
        return text


class BasketError(DomainError):
    """A number of pieces or a product that a basket cannot hold; 422."""


class OrderError(DomainError):
    """An order that cannot be placed or changed like this; 422."""


class ShortageError(OrderError):
    """Too few pieces are left of at least one line; nothing was stored."""

    def __init__(self, lines: Sequence[Shortage], rises: Sequence[Rise] = ()) -> None:
        super().__init__(" ".join(map(str, (*lines, *rises))))
        self.lines, self.rises = tuple(lines), tuple(rises)


class PriceRoseError(OrderError):
    """Something costs more than what was shown; nothing was stored."""

    def __init__(self, rises: Sequence[Rise]) -> None:
        super().__init__(" ".join(map(str, rises)))
        self.rises = tuple(rises)


class QuoteChangedError(OrderError):
    """The check page shows another order than the one that was sent; nothing was stored."""


class MoveError(OrderError):
    """No table has this move, or it is not allowed to this person now; 422."""


class FrozenError(OrderError):
    """The order is blocked: no move but a cancellation is allowed (5.5, 6.2.4); 422."""


class StaleError(DomainError):
    """The order has changed since the page was opened; says what, who and when."""

    status = 409


class NoOrderError(DomainError):
    """There is no such order, or it is another's: the same page for both."""

    status = 404
