"""The basket: a signed necessary cookie; the server stores nothing of it.

`<id>.<product>-<quantity>-<price seen>.….<signature>`. The random id identifies the order
that the basket becomes: a second sending of the same basket reaches the same order.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from flask_babel import lazy_gettext

from neupusti.catalog.models import Product
from neupusti.core.feature import Category, Cookie
from neupusti.core.text.languages import Language

_ = lazy_gettext
LONGEST = 3500
"""Characters of a cookie; browsers drop those over 4096 with the attributes."""
MOST_LINES = 30
MOST_PIECES = 99
COOKIE = Cookie(
    name="basket",
    category=Category.NECESSARY,
    purpose=_("Holds your basket: which products, how many, and the prices you saw"),
    lifetime=timedelta(days=30),
)


@dataclass(frozen=True, slots=True)
class BasketLine:
    """Some pieces of one product, and its price in tenge when it was put in."""

    product: int
    quantity: int
    price_seen: int


@dataclass(frozen=True, slots=True)
class Basket:
    """An id and the lines, in the order they were put in."""

    id: str
    lines: tuple[BasketLine, ...] = ()

    @property
    def pieces(self) -> int:
        """The number of pieces."""
        return sum(line.quantity for line in self.lines)


class NoteKind(StrEnum):
    """What has changed about a line since it was put in."""

    GONE = "gone"
    ROSE = "rose"
    FELL = "fell"
    ONLY_LEFT = "only_left"


@dataclass(frozen=True, slots=True)
class Note:
    """One note of a line; `text` is in the language asked for."""

    kind: NoteKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line as a page shows it; prices in tenge."""

    line: BasketLine
    product: Product | None
    """None: it is not there any more."""
    name: str
    photo: str
    """The name of its first photo, or empty."""
    price: int
    """The price in force today; 0 for what is gone."""
    notes: tuple[Note, ...] = ()

    @property
    def gone(self) -> bool:
        """Whether it cannot be ordered at all: withdrawn or sold out."""
        return any(note.kind is NoteKind.GONE for note in self.notes)

    @property
    def sum(self) -> int:
        """Its price for all pieces; 0 for what is gone."""
        return 0 if self.gone else self.price * self.line.quantity


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows of a basket and their sum, without the delivery."""

    rows: tuple[Row, ...]

    @property
    def goods(self) -> int:
        """The sum of all rows that can be ordered, in tenge."""
        return sum(row.sum for row in self.rows)

    @property
    def orderable(self) -> bool:
        """Whether there is something in it, and all of it can be ordered as it is."""
        stops = {NoteKind.GONE, NoteKind.ONLY_LEFT}
        return bool(self.rows) and not any(
            note.kind in stops for row in self.rows for note in row.notes
        )


def empty() -> Basket:
    """Return a basket with a new id and nothing in it."""
    raise NotImplementedError


def read(value: str | None) -> Basket:
    """Return the basket of a cookie's value; an invalid value is an empty basket.

    Former secrets of the site are accepted.
    """
    raise NotImplementedError


def write(basket: Basket) -> str:
    """Return the cookie's value, signed with the present secret."""
    raise NotImplementedError


def quantity(texts: list[str]) -> int:
    """Return the number of pieces that a form sent: 0 to 99, 0 removes.

    Raise BasketError unless there is exactly one text of one or two digits (0-9).
    """
    raise NotImplementedError


def put(basket: Basket, product: int, pieces: int) -> Basket:
    """Return the basket with `pieces` of a product instead of what there was of it.

    0 removes the line. The price seen becomes today's. Raise BasketError for a product that
    is not sold, a number out of 0-99, or a line too many.
    """
    raise NotImplementedError


def add(basket: Basket, product: int, pieces: int) -> Basket:
    """Return the basket with `pieces` more of a product; raise BasketError like `put`."""
    raise NotImplementedError


def without(basket: Basket, *products: int) -> Basket:
    """Return the basket without the lines of `products`."""
    raise NotImplementedError


def shown(basket: Basket, language: Language, today: date) -> Shown:
    """Return the rows of the basket with today's prices and notes; two queries."""
    raise NotImplementedError


def seen(basket: Basket, view: Shown) -> Basket:
    """Return the basket with the prices of `view` as those seen: the page says them."""
    raise NotImplementedError
