"""The index of the goods: the forms of the words of each product that is sold."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from itertools import takewhile

from sqlalchemy import Integer, column, delete, select, table, union
from sqlalchemy.orm import Session

from neupusti.catalog.models import Category, Product, Word
from neupusti.catalog.service.search import forms, store
from neupusti.catalog.service.search.store import Entry, Forms
from neupusti.core.data.database import insert, writing
from neupusti.core.text import search
from neupusti.core.text.languages import Language

BATCH = 200
"""Products per write transaction of `rebuild`: others wait for no longer."""
REMEMBERED = 50_000
"""Words whose forms `rebuild` does not look up again."""
SIGN = re.compile(r"[,:;(]")
INSIDE_A_KIND = "үшін"
"""«Балалар үшін арба» is a pram: the small word that stands before what a name is of."""
Written = Callable[[str, Language | None], set[str]]


def update(
    session: Session, products: Sequence[int], *, written: Written = forms.written
) -> None:
    """Index `products` as they are now, in the open write transaction of the caller.

    To be called after each change of a product's or of its category's names, texts or
    publication, and after a deletion: one that is not sold any more leaves the index.
    """
    session.flush()
    # The lock keeps two writers of one product apart on PostgreSQL.
    rows = session.execute(
        select(Product, Category)
        .join(Category, Category.id == Product.category)
        .where(Product.id.in_(products))
        .order_by(Product.id)
        .with_for_update(of=Product)
    ).all()
    before = store.held(session, products)
    entries = {
        product.id: _entry(product, category, written)
        for product, category in rows
        if product.published
    }
    store.replace(session, products, entries)
    changes: Counter[str] = Counter()
    for entry in entries.values():
        changes.update(entry.all)
    for left in before.values():
        changes.subtract(left)
    _count(session, changes)


def batches(products: Collection[int]) -> Iterator[list[int]]:
    """Yield `products` in their order, as many at a time as one statement takes well."""
    numbers = sorted(products)
    for start in range(0, len(numbers), BATCH):
        yield numbers[start : start + BATCH]


def rebuild() -> Iterator[tuple[int, int]]:
    """Index every product; yield how many are done, and how many there are.

    Each batch is a transaction of its own. At last the words are counted anew.
    """
    written = lru_cache(REMEMBERED)(forms.written)
    with writing() as session:
        key = "product" if store.on_postgresql(session) else "rowid"
        indexed = select(column(key, Integer)).select_from(table("product_words"))
        numbers = session.scalars(union(select(Product.id), indexed)).all()
    done = 0
    for batch in batches(numbers):
        with writing() as session:
            update(session, batch, written=written)
        done += len(batch)
        yield done, len(numbers)
    with writing() as session:
        store.count_words(session)


def _entry(product: Product, category: Category, written: Written) -> Entry:
    # An article is typed with a hyphen, without it, and with a space in its place.
    article = f"{product.article} {product.article.replace('-', ' ')}"
    names = {*_forms(f"{product.brand} {article}", None, written)}
    kinds, rest = set[str](), set[str]()
    for language in Language:
        name = product.name(language)
        names |= _forms(name, language, written)
        kinds |= _forms(kind(name), language, written)
        for about in (
            category.name(language),
            *(
                getattr(product, f"{c}_{language}")
                for c in ("text", "composition", "sizes")
            ),
        ):
            rest |= _forms(about, language, written)
    return Entry(frozenset(kinds), frozenset(names), frozenset(rest))


def kind(name: str) -> str:
    """Return what a name says the good is: «Термос» of «Термос в чехле и кружка, 1 л»."""
    words = SIGN.split(search.folded(name))[0].split()
    ends = forms.IDLE - {INSIDE_A_KIND}
    return " ".join(takewhile(lambda word: word not in ends, words))


def _forms(text: str, language: Language | None, written: Written) -> Forms:
    return frozenset().union(*(written(word, language) for word in search.words(text)))


def _count(session: Session, changes: Counter[str]) -> None:
    """Add to the uses of each word; in the order of words, against deadlocks."""
    rows = [
        {"word": word, "uses": number} for word, number in sorted(changes.items()) if number
    ]
    if not rows:
        return
    added = insert(session, Word)
    total = Word.uses + added.excluded.uses
    session.execute(
        added.on_conflict_do_update(index_elements=[Word.word], set_={"uses": total}), rows
    )
    fewer = [word for word, number in changes.items() if number < 0]
    session.execute(delete(Word).where(Word.word.in_(fewer), Word.uses <= 0))
