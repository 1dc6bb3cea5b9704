"""Find the goods that a buyer asks for.

No character of what was typed reaches SQL but as a letter or digit of a bound form.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    String,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from neupusti.catalog.models import Band, Product
from neupusti.catalog.queries import cards
from neupusti.catalog.queries.cards import Card
from neupusti.catalog.service.search import store
from neupusti.catalog.service.search.reading import Reading, Term, read
from neupusti.core.data.database import db
from neupusti.core.text.languages import Language

SIZE = 24
"""Products of one page."""
MAX_PAGE = 50
KIND, NAME, REST = 0.1 * store.KIND_COUNTS, 0.1, 0.001
"""How much a form counts: of what a product is, elsewhere in its name, and in its texts.

So far apart that the several forms of a word in a text never outweigh one in a name.
"""
EVERY, SOME, SKIPPED = "every", "some", "skipped"
"""What a product must have of the words, and the hits before a page, by parameter.

They stand apart from the statements, which the library keeps for later.
"""
WEIGHTS: ColumnElement[Any] = literal_column(
    f"CAST('{{{REST}, 0, {NAME}, {KIND}}}' AS real[])"
)
"""Of the letters D, C, B and A of a `tsvector`."""
INDEX = table("product_words", column("rowid"), column("product"), column("words"))


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found."""

    reading: Reading
    cards: tuple[Card, ...] = ()
    total: int = 0
    partial: bool = False
    """Whether no product has all of the words, and these have some."""

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return min(max(1, -(-self.total // SIZE)), MAX_PAGE)


def find(
    typed: str, today: date, language: Language, *, page: int = 1, exact: bool = False
) -> Found:
    """Return page `page` of the products for `typed`: those in stock, the best, first.

    `exact`: every word is taken as it was typed. At most four queries.
    """
    session = db.session()
    reading = read(session, typed, exact=exact)
    if not reading.terms or page > MAX_PAGE:
        return Found(reading)
    postgresql = store.on_postgresql(session)
    values: dict[str, object] = {
        name: _expression(reading.terms, name, postgresql=postgresql)
        for name in (EVERY, SOME)
    }
    values[SKIPPED] = (page - 1) * SIZE
    tries = ((SOME, ""),) if reading.unknown else ((EVERY, ""), (SOME, EVERY))
    for asked, but in tries[: len(reading.terms)]:
        rows = session.execute(PAGES[postgresql, language, asked, but], values).all()
        if rows:
            shown = tuple(cards.card(row[0], row[1], today, language) for row in rows)
            return Found(reading, shown, rows[0].total, partial=asked == SOME)
    return Found(reading)


def _rows(best: CTE, language: Language) -> Select[Any]:
    """Select the products of a page, their photos, and how many there are in all."""
    out = Product.band == Band.OUT.value
    wanted = (
        select(Product.id, best.c.score, func.count().over().label("total"))
        .join(best, best.c.number == Product.id)
        .where(Product.published)
        .order_by(out, best.c.score, Product.id)
        .limit(SIZE)
        .offset(bindparam(SKIPPED, type_=Integer))
        .subquery()
    )
    return (
        cards.with_photo(language)
        .add_columns(wanted.c.total)
        .join(wanted, wanted.c.id == Product.id)
        .order_by(out, wanted.c.score, Product.id)
    )


def _best(asked: str, but: str, *, postgresql: bool) -> CTE:
    """Return the numbers of the products that match `asked`, and how well: less is better.

    Nothing matches where some product matches `but`.
    """
    score: ColumnElement[Any]
    if postgresql:
        number = INDEX.c.product
        # By some: PostgreSQL would weigh every by how far apart they stand, which it lacks.
        score = -func.ts_rank(WEIGHTS, INDEX.c.words, _query(SOME))
    else:
        number = INDEX.c.rowid
        score = func.bm25(literal_column(INDEX.name), NAME, REST)
    found = select(number.label("number"), score.label("score"))
    found = found.where(_matches(asked, postgresql=postgresql))
    if but:
        other = select(number).where(_matches(but, postgresql=postgresql))
        found = found.where(~other.exists())
    # Materialized: SQLite scores a row only where it reads the index itself.
    return found.cte("best").prefix_with("MATERIALIZED")


def _matches(asked: str, *, postgresql: bool) -> ColumnElement[bool]:
    if postgresql:
        return INDEX.c.words.bool_op("@@")(_query(asked))
    return literal_column(INDEX.name).bool_op("MATCH")(bindparam(asked, type_=String))


def _query(asked: str) -> ColumnElement[Any]:
    return cast(bindparam(asked, type_=String), TSQUERY)


def _expression(terms: Iterable[Term], asked: str, *, postgresql: bool) -> str:
    """Return the query of the database for every term, or for some of them."""
    if postgresql:
        quoted, prefix, either, both = "'%s'", ":*", " | ", " & "
    else:
        quoted, prefix, either, both = '"%s"', " *", " OR ", " AND "
    groups = (
        either.join(quoted % form + prefix * term.prefix for form in sorted(term.forms))
        for term in terms
    )
    return (both if asked == EVERY else either).join(f"({group})" for group in groups)


PAGES = {
    (postgresql, language, asked, but): _rows(
        _best(asked, but, postgresql=postgresql), language
    )
    for postgresql in (False, True)
    for language in Language
    for asked, but in ((EVERY, ""), (SOME, ""), (SOME, EVERY))
}
"""The statements, made once: to make one takes as long as to execute it."""
