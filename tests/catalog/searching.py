"""What the tests of the search share."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import event, select

from neupusti.catalog.models import Product, Word
from neupusti.catalog.service.search import query
from neupusti.core.data.database import db
from neupusti.core.text.languages import Language

DAY = date(2026, 11, 24)


def found(typed: str) -> list[str]:
    """Return the slugs of every hit, best first."""
    slugs: list[str] = []
    for page in range(1, 9):
        page_of = query.find(typed, DAY, Language.RU, page=page)
        slugs += [card.slug for card in page_of.cards]
        if page >= page_of.pages:
            break
    return slugs


def copy_of(slug: str, number: int, **changes: object) -> Product:
    """Return a new product like a sample, with an address and article of its own."""
    like = db.session.scalars(select(Product).where(Product.slug == slug)).one()
    columns = Product.__table__.columns.keys()
    values = {name: getattr(like, name) for name in columns if name != "id"}
    own = {"slug": f"{slug}-{number}", "article": f"X-{number}"}
    return Product(**values | own | changes)


def teapot() -> Product:
    """Return the good that most tests ask for."""
    return db.session.scalars(select(Product).where(Product.slug == "enamel-teapot")).one()


def slugs(typed: str) -> set[str]:
    return set(found(typed))


def vocabulary() -> dict[str, int]:
    db.session.rollback()
    return {row.word: row.uses for row in db.session.scalars(select(Word))}


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the statements of the block."""
    statements: list[str] = []

    def listen(*args: object) -> None:
        statements.append(str(args[2]))

    event.listen(db.engine, "before_cursor_execute", listen)
    yield statements
    event.remove(db.engine, "before_cursor_execute", listen)
