"""The full-text table, which differs between the two databases.

SQLite has FTS5, whose tokenizer finds the forms between spaces; PostgreSQL a `tsvector`
made of the same forms, without its own parser and dictionaries.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

Forms = frozenset[str]


@dataclass(frozen=True, slots=True)
class Entry:
    """The forms of one product."""

    names: Forms
    rest: Forms

    @property
    def all(self) -> Forms:
        """Every form, wherever it stands."""
        return self.names | self.rest


def on_postgresql(session: Session) -> bool:
    """Tell which of the two databases the session writes."""
    return session.get_bind().dialect.name == "postgresql"


def stored(session: Session, products: Collection[int]) -> dict[int, Forms]:
    """Return every form that the table holds of each of `products`."""
    if on_postgresql(session):
        columns = "product, tsvector_to_array(words) FROM product_words WHERE product"
    else:
        columns = "rowid, names || ' ' || rest FROM product_words WHERE rowid"
    found = text(f"SELECT {columns} IN :products")  # noqa: S608 - constants only
    rows = session.execute(
        found.bindparams(bindparam("products", list(products), expanding=True))
    )
    return {
        number: frozenset(forms.split() if isinstance(forms, str) else forms)
        for number, forms in rows
    }


def replace(
    session: Session, products: Collection[int], entries: Mapping[int, Entry]
) -> None:
    """Remove the rows of `products`, and store those of `entries`."""
    postgresql = on_postgresql(session)
    key = "product" if postgresql else "rowid"
    gone = text(f"DELETE FROM product_words WHERE {key} IN :products")  # noqa: S608
    session.execute(
        gone.bindparams(bindparam("products", list(products), expanding=True))
    )
    if not entries:
        return
    if postgresql:
        statement = (
            "INSERT INTO product_words (product, words) "
            "VALUES (:number, CAST(:words AS tsvector))"
        )
        rows = [
            {"number": number, "words": _vector(entry)} for number, entry in entries.items()
        ]
    else:
        statement = (
            "INSERT INTO product_words (rowid, names, rest) VALUES (:number, :names, :rest)"
        )
        rows = [
            {"number": number, "names": _line(entry.names), "rest": _line(entry.rest)}
            for number, entry in entries.items()
        ]
    session.execute(text(statement), rows)


def count_words(session: Session) -> None:
    """Count again in how many products each form stands."""
    if on_postgresql(session):
        session.execute(text("LOCK TABLE word IN EXCLUSIVE MODE"))
        source = "SELECT word, ndoc FROM ts_stat('SELECT words FROM product_words')"
        before = after = ()
    else:
        before = (
            "CREATE VIRTUAL TABLE temp.product_terms "
            "USING fts5vocab(main, product_words, row)",
        )
        source = "SELECT term, doc FROM temp.product_terms"
        after = ("DROP TABLE temp.product_terms",)
    insert = f"INSERT INTO word (word, uses) {source}"  # noqa: S608 - constants only
    for statement in (*before, "DELETE FROM word", insert, *after):
        session.execute(text(statement))


def _line(forms: Iterable[str]) -> str:
    return " ".join(sorted(forms))


def _vector(entry: Entry) -> str:
    """Return the text of a `tsvector`: forms hold nothing that it would have to quote."""
    names = [f"{form}:1A" for form in entry.names]
    return " ".join(names + [f"{form}:1D" for form in entry.rest - entry.names])
