"""What is sold, and how its stock came to be what it is.

Nothing here is about customers; a stock movement names the member of staff who made it.
"""

from datetime import date
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    event,
    false,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from neupusti.core.data.classification import (
    ActorNumber,
    Day,
    Digest,
    Id,
    Label,
    LongText,
    Moment,
    impersonal,
)
from neupusti.core.data.database import Base, one_of
from neupusti.core.text import collation
from neupusti.core.text.languages import Language

FEW = 3
"""From this number down a product is «few left»."""
LISTS = (("category", "published"), ("published",))
ORDERS = (
    *("id", "price", "deal_price", "discount", "deal_discount", "brand"),
    *(f"sort_{language}" for language in Language),
)
CHOSEN_BY = ("id", "deal_until", "price", "deal_price", "band", "brand")
"""What the filters of a list look at."""
WORD_TYPE = String(48).with_variant(String(48, collation="C"), "postgresql")
"""Sorted by code points, so that a prefix is a range."""
SORT_TYPE = String(320).with_variant(String(320, collation="C"), "postgresql")


def _indexed(*first: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *CHOSEN_BY)))


class Band(StrEnum):
    """How much is in stock, as lists show it."""

    IN = "in"
    FEW = "few"
    OUT = "out"


class ReturnRule(StrEnum):
    """Whether goods of proper quality can be returned (Consumer law 274-IV, 14 and 30)."""

    LAW = "law"
    """Within 14 days from the delivery."""
    UNDERWEAR = "no:underwear"
    HOSIERY = "no:hosiery"
    CUT = "no:cut"
    PLANT = "no:plant"
    MEDICINE = "no:medicine"
    PHONE = "no:phone"
    HYGIENE = "no:hygiene"
    COSMETICS = "no:cosmetics"
    FOOD = "no:food"


class MovementKind(StrEnum):
    """Why the stock of a product changed."""

    RECEIVED = "received"
    COUNTED = "counted"
    SOLD = "sold"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    WRITTEN_OFF = "written_off"


def _as_published(context: DefaultExecutionContext) -> bool:
    """Return the default of `Product.released`."""
    return bool(context.get_current_parameters()["published"])  # type: ignore[no-untyped-call]


class Category(Base):
    """A category of products; `parent` None: one of the top."""

    __tablename__ = "category"

    id: Mapped[Id]
    parent: Mapped[int | None] = mapped_column(
        ForeignKey("category.id"), index=True, info=impersonal()
    )
    position: Mapped[int] = mapped_column(Integer, info=impersonal())
    slug: Mapped[str] = mapped_column(String(80), unique=True, info=impersonal())
    name_ru: Mapped[Label]
    name_kk: Mapped[Label]
    name_en: Mapped[Label]
    published: Mapped[bool] = mapped_column(info=impersonal())
    products: Mapped[int] = mapped_column(Integer, info=impersonal())
    """How many published products it has, kept with each change."""

    def name(self, language: Language) -> str:
        """Return its name."""
        return str(getattr(self, f"name_{language}"))


class Product(Base):
    """One product. Prices are whole tenge; a deal is in force to the end of its day."""

    __tablename__ = "product"
    __table_args__ = (
        CheckConstraint("stock >= 0", name="stock"),
        CheckConstraint("price > 0", name="price"),
        CheckConstraint("old_price IS NULL OR old_price > price", name="old_price"),
        CheckConstraint(
            "deal_price IS NULL OR (deal_price > 0 AND deal_price < price)",
            name="deal_price",
        ),
        CheckConstraint("(deal_price IS NULL) = (deal_until IS NULL)", name="deal_until"),
        CheckConstraint("weight_g > 0", name="weight"),
        one_of("band", Band),
        one_of("return_rule", ReturnRule),
        # One for each order of the lists, of one category and of all goods. Each holds
        # all that a page is chosen by: a row has long texts and is read only to be shown.
        *(
            Index("_".join(("ix_product", *where, order)), *_indexed(*where, order))
            for where in LISTS
            for order in ORDERS
        ),
        Index(None, "published", "deal_until", "id"),
    )

    id: Mapped[Id]
    category: Mapped[int] = mapped_column(ForeignKey("category.id"), info=impersonal())
    article: Mapped[str] = mapped_column(String(40), unique=True, info=impersonal())
    slug: Mapped[str] = mapped_column(String(80), unique=True, info=impersonal())
    name_ru: Mapped[Label]
    name_kk: Mapped[Label]
    name_en: Mapped[Label]
    text_ru: Mapped[LongText]
    text_kk: Mapped[LongText]
    text_en: Mapped[LongText]
    composition_ru: Mapped[LongText]
    composition_kk: Mapped[LongText]
    composition_en: Mapped[LongText]
    sizes_ru: Mapped[LongText]
    sizes_kk: Mapped[LongText]
    sizes_en: Mapped[LongText]
    brand: Mapped[Label]
    origin: Mapped[str] = mapped_column(String(2), info=impersonal())
    """The country of production (ISO 3166-1 alpha-2)."""
    weight_g: Mapped[int] = mapped_column(Integer, info=impersonal())
    price: Mapped[int] = mapped_column(Integer, info=impersonal())
    old_price: Mapped[int | None] = mapped_column(Integer, info=impersonal())
    deal_price: Mapped[int | None] = mapped_column(Integer, info=impersonal())
    deal_until: Mapped[Day | None]
    """The last day of the deal, in Almaty."""
    discount: Mapped[int] = mapped_column(Integer, info=impersonal())
    """The discount on the old price in hundredths of a per cent; 0: none."""
    deal_discount: Mapped[int] = mapped_column(Integer, info=impersonal())
    """The same of the deal: lists sort by the one in force."""
    stock: Mapped[int] = mapped_column(Integer, info=impersonal())
    band: Mapped[str] = mapped_column(String(3), info=impersonal())
    return_rule: Mapped[str] = mapped_column(String(12), info=impersonal())
    published: Mapped[bool] = mapped_column(info=impersonal())
    """Whether it is in the shop: released, and its category shown (`visibility`)."""
    released: Mapped[bool] = mapped_column(
        default=_as_published, server_default=false(), info=impersonal()
    )
    """Whether staff have published it."""
    sample: Mapped[bool] = mapped_column(info=impersonal())
    """Whether it is one of the sample goods, which one command removes."""
    version: Mapped[int] = mapped_column(Integer, info=impersonal())
    """Raised by every change that a page shows; a change of stock only with its band."""
    changed_at: Mapped[Moment]
    sort_ru: Mapped[str] = mapped_column(SORT_TYPE, info=impersonal())
    sort_kk: Mapped[str] = mapped_column(SORT_TYPE, info=impersonal())
    sort_en: Mapped[str] = mapped_column(SORT_TYPE, info=impersonal())

    def name(self, language: Language) -> str:
        """Return its name."""
        return str(getattr(self, f"name_{language}"))

    def deal_on(self, today: date) -> bool:
        """Return whether its deal is in force on `today`."""
        return self.deal_until is not None and today <= self.deal_until

    def price_on(self, today: date) -> int:
        """Return the one price in force on `today`."""
        return self.deal_price if self.deal_price and self.deal_on(today) else self.price

    def price_before(self, today: date) -> int | None:
        """Return the higher price shown struck through, or None."""
        return self.price if self.deal_on(today) else self.old_price


@event.listens_for(Product, "before_insert")
@event.listens_for(Product, "before_update")
def _update_list_columns(
    _mapper: Mapper[Product], _connection: object, product: Product
) -> None:
    product.discount = _discount(product.price, product.old_price)
    product.deal_discount = (
        _discount(product.deal_price, product.price) if product.deal_price else 0
    )
    for language in Language:
        setattr(product, f"sort_{language}", collation.stored(product.name(language)))


def _discount(price: int, before: int | None) -> int:
    return 10_000 * (before - price) // before if before else 0


class ProductSlug(Base):
    """A former address of a product, which redirects to the present one."""

    __tablename__ = "product_slug"

    slug: Mapped[str] = mapped_column(String(80), primary_key=True, info=impersonal())
    product: Mapped[int] = mapped_column(
        ForeignKey("product.id", ondelete="CASCADE"), index=True, info=impersonal()
    )
    since: Mapped[Moment]


class ProductPhoto(Base):
    """A photo of a product: the widths made of it are files named after `name`."""

    __tablename__ = "product_photo"

    id: Mapped[Id]
    product: Mapped[int] = mapped_column(
        ForeignKey("product.id", ondelete="CASCADE"), index=True, info=impersonal()
    )
    position: Mapped[int] = mapped_column(Integer, info=impersonal())
    name: Mapped[str] = mapped_column(String(80), info=impersonal())
    """The first 32 digits of the SHA-256; `<slug>.svg`: a drawing in static/goods."""
    width: Mapped[int] = mapped_column(Integer, info=impersonal())
    height: Mapped[int] = mapped_column(Integer, info=impersonal())
    sha256: Mapped[Digest]
    alt_ru: Mapped[LongText]
    alt_kk: Mapped[LongText]
    alt_en: Mapped[LongText]

    def alt(self, language: Language) -> str:
        """Return its alternative text."""
        return str(getattr(self, f"alt_{language}"))


class StockMovement(Base):
    """One change of a product's stock; the stock is the sum of its movements.

    Rows never change, and a cause moves stock once: `kind` and `source` are unique.
    """

    __tablename__ = "stock_movement"
    __table_args__ = (
        CheckConstraint("delta <> 0", name="delta"),
        one_of("kind", MovementKind),
        UniqueConstraint("kind", "source"),
    )

    id: Mapped[Id]
    at: Mapped[Moment]
    product: Mapped[int] = mapped_column(Integer, index=True, info=impersonal())
    delta: Mapped[int] = mapped_column(Integer, info=impersonal())
    kind: Mapped[str] = mapped_column(String(12), info=impersonal())
    source: Mapped[int | None] = mapped_column(Integer, info=impersonal())
    """The row that caused it: a line of an order or of a return; None: by hand."""
    staff: Mapped[ActorNumber | None]
    reason: Mapped[LongText]


class Word(Base):
    """A word or form of the search index (`service.search.forms`), in how many products."""

    __tablename__ = "word"

    word: Mapped[str] = mapped_column(WORD_TYPE, primary_key=True, info=impersonal())
    uses: Mapped[int] = mapped_column(Integer, info=impersonal())
