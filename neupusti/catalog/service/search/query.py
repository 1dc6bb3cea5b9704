"""Find the goods that a buyer asks for.

No character of what was typed reaches SQL but as a letter or digit of a bound form.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import (
    CTE,
    ColumnElement,
    cast,
    column,
    func,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session, load_only

from neupusti.catalog.models import Band, Product, ProductPhoto
from neupusti.catalog.service.search import store
from neupusti.catalog.service.search.reading import Reading, Term, read
from neupusti.core.text.languages import Language

SIZE = 24
"""Products of one page."""
MAX_PAGE = 50
NAME_WEIGHT, REST_WEIGHT = 10.0, 1.0
"""How much a word in a name counts, and one elsewhere: as PostgreSQL weighs A and D."""
SHOWN = (
    *(Product.id, Product.slug, Product.version, Product.band, Product.price),
    *(Product.old_price, Product.deal_price, Product.deal_until),
    *(getattr(Product, f"name_{language}") for language in Language),
)
INDEX = table("product_words", column("rowid"), column("product"), column("words"))


@dataclass(frozen=True, slots=True)
class Hit:
    """A product that was found, and its first photo."""

    product: Product
    photo: ProductPhoto | None


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found."""

    reading: Reading
    hits: tuple[Hit, ...] = ()
    total: int = 0
    partial: bool = False
    """Whether no product has all of the words, and these have some."""

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return min(max(1, -(-self.total // SIZE)), MAX_PAGE)


def find(session: Session, typed: str, *, page: int = 1, exact: bool = False) -> Found:
    """Return page `page` of the products for `typed`: those in stock, the best, first.

    `exact`: every word is taken as it was typed. At most four queries.
    """
    reading = read(session, typed, exact=exact)
    if not reading.terms or page > MAX_PAGE:
        return Found(reading)
    every = _expression(session, reading.terms, every=True)
    some = _expression(session, reading.terms, every=False)
    if not reading.unknown:
        found = _page(session, reading, _best(session, every), page)
        if found.total or every == some:
            return found
        return _page(session, reading, _best(session, some, but=every), page, partial=True)
    return _page(session, reading, _best(session, some), page, partial=True)


def _page(
    session: Session, reading: Reading, best: CTE, page: int, *, partial: bool = False
) -> Found:
    order = (Product.band == Band.OUT.value, best.c.score, Product.id)
    wanted = (
        select(Product.id, best.c.score, func.count().over().label("total"))
        .join(best, best.c.number == Product.id)
        .where(Product.published)
        .order_by(*order)
        .limit(SIZE)
        .offset((page - 1) * SIZE)
        .subquery()
    )
    first = (
        select(ProductPhoto.id)
        .where(ProductPhoto.product == Product.id)
        .order_by(ProductPhoto.position, ProductPhoto.id)
        .limit(1)
        .correlate(Product)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Product, ProductPhoto, wanted.c.total)
        .join(wanted, wanted.c.id == Product.id)
        .outerjoin(ProductPhoto, ProductPhoto.id == first)
        .order_by(order[0], wanted.c.score, Product.id)
        .options(load_only(*SHOWN, raiseload=True))
    ).all()
    hits = tuple(Hit(product, photo) for product, photo, _ in rows)
    return Found(reading, hits, rows[0].total if rows else 0, partial)


def _best(session: Session, asked: str, *, but: str = "") -> CTE:
    """Return the numbers of the products that match `asked`, and how well: less is better.

    Nothing matches where some product matches `but`.
    """
    if store.on_postgresql(session):
        number, score = INDEX.c.product, -func.ts_rank(INDEX.c.words, cast(asked, TSQUERY))
    else:
        number = INDEX.c.rowid
        score = func.bm25(literal_column(INDEX.name), NAME_WEIGHT, REST_WEIGHT)
    found = select(number.label("number"), score.label("score"))
    found = found.where(_matches(session, asked))
    if but:
        found = found.where(~select(number).where(_matches(session, but)).exists())
    # Materialized: SQLite scores a row only where it reads the index itself.
    return found.cte("best").prefix_with("MATERIALIZED")


def _matches(session: Session, asked: str) -> ColumnElement[bool]:
    if store.on_postgresql(session):
        return INDEX.c.words.bool_op("@@")(cast(asked, TSQUERY))
    return literal_column(INDEX.name).bool_op("MATCH")(asked)


def _expression(session: Session, terms: Iterable[Term], *, every: bool) -> str:
    """Return the query of the database for every term, or for any of them."""
    if store.on_postgresql(session):
        quoted, prefix, either, both = "'%s'", ":*", " | ", " & "
    else:
        quoted, prefix, either, both = '"%s"', " *", " OR ", " AND "
    groups = (
        either.join(quoted % form + prefix * term.prefix for form in sorted(term.forms))
        for term in terms
    )
    return (both if every else either).join(f"({group})" for group in groups)
