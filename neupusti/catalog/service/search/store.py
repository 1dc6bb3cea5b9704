"""The full-text table, which differs between the two databases.

SQLite has FTS5, whose tokenizer finds the forms between spaces; PostgreSQL a `tsvector`
made of the same forms, without its own parser and dictionaries.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.orm import Session

Forms = frozenset[str]
KIND_COUNTS = 10
"""How often a form of what a product is counts, one elsewhere in its name counting once."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The forms of one product."""

    kind: Forms
    """Those of the names that say what it is; they count most."""
    names: Forms
    rest: Forms

    @property
    def all(self) -> Forms:
        """Every form, wherever it stands."""
        return self.names | self.rest


@dataclass(frozen=True, slots=True)
class Sql:
    """The statements of one database, and the parameters that store an entry."""

    held: TextClause
    remove: TextClause
    store: TextClause
    parameters: Callable[[Entry], dict[str, str]]
    recount: tuple[TextClause, ...]


def on_postgresql(session: Session) -> bool:
    """Tell which of the two databases the session is of."""
    return session.get_bind().dialect.name == "postgresql"


def held(session: Session, products: Collection[int]) -> dict[int, Forms]:
    """Return every form that the table holds of each of `products`."""
    rows = session.execute(_sql(session).held, {"products": list(products)})
    return {number: frozenset(forms.split()) for number, forms in rows}


def replace(
    session: Session, products: Collection[int], entries: Mapping[int, Entry]
) -> None:
    """Remove the rows of `products`, and store those of `entries`."""
    sql = _sql(session)
    session.execute(sql.remove, {"products": list(products)})
    if rows := [{"number": n, **sql.parameters(entry)} for n, entry in entries.items()]:
        session.execute(sql.store, rows)


def count_words(session: Session) -> None:
    """Count again in how many products each form stands."""
    for statement in _sql(session).recount:
        session.execute(statement)


def _sql(session: Session) -> Sql:
    return POSTGRESQL if on_postgresql(session) else SQLITE


def _line(forms: Iterable[str]) -> str:
    return " ".join(sorted(forms))


def _columns(entry: Entry) -> dict[str, str]:
    """Return the two columns: FTS5 weighs these, and how often a form stands in one."""
    names = (*entry.names, *KIND_COUNTS * [*entry.kind])
    return {"names": _line(names), "rest": _line(entry.rest)}


def _vector(entry: Entry) -> dict[str, str]:
    """Return the text of a `tsvector`: forms hold nothing that it would have to quote."""
    kind = (f"{form}:1A" for form in entry.kind)
    names = (f"{form}:1B" for form in entry.names - entry.kind)
    rest = (f"{form}:1D" for form in entry.rest - entry.names)
    return {"words": _line((*kind, *names, *rest))}


def _of_products(statement: str) -> TextClause:
    return text(statement).bindparams(bindparam("products", expanding=True))


CLEAR = text("DELETE FROM word")
SQLITE = Sql(
    held=_of_products(
        "SELECT rowid, names || ' ' || rest FROM product_words WHERE rowid IN :products"
    ),
    remove=_of_products("DELETE FROM product_words WHERE rowid IN :products"),
    store=text(
        "INSERT INTO product_words (rowid, names, rest) VALUES (:number, :names, :rest)"
    ),
    parameters=_columns,
    recount=(
        text(
            "CREATE VIRTUAL TABLE temp.product_terms "
            "USING fts5vocab(main, product_words, row)"
        ),
        CLEAR,
        text("INSERT INTO word (word, uses) SELECT term, doc FROM temp.product_terms"),
        text("DROP TABLE temp.product_terms"),
    ),
)
POSTGRESQL = Sql(
    held=_of_products(
        "SELECT product, array_to_string(tsvector_to_array(words), ' ') "
        "FROM product_words WHERE product IN :products"
    ),
    remove=_of_products("DELETE FROM product_words WHERE product IN :products"),
    store=text(
        "INSERT INTO product_words (product, words) "
        "VALUES (:number, CAST(:words AS tsvector))"
    ),
    parameters=_vector,
    recount=(
        # No update may add to a count that is about to be replaced.
        text("LOCK TABLE word IN EXCLUSIVE MODE"),
        CLEAR,
        text(
            "INSERT INTO word (word, uses) "
            "SELECT word, ndoc FROM ts_stat('SELECT words FROM product_words')"
        ),
        text("ANALYZE product_words, word"),
    ),
)
