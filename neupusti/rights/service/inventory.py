"""Every column about people: its clause, purposes, term and holding, from the manifests."""

from sqlalchemy import Table

from neupusti.core.data.classification import classification
from neupusti.core.data.database import db
from neupusti.core.registry import registry
from neupusti.rights.service import terms

HEADINGS = ("table", "column", "clause", "purposes", "mark", "term", "holding")


def lines() -> list[dict[str, str]]:
    """Return a line for each column that is personal, secret, or names a person."""
    held = {holding.model.__table__.name for holding in registry().holdings}
    return [
        line
        for metadata in db.metadatas.values()
        for table in metadata.sorted_tables
        for line in _of(table, is_held=table.name in held)
    ]


def _of(table: Table, *, is_held: bool) -> list[dict[str, str]]:
    term = "; ".join(map(terms.sentence, terms.rules(table)))
    found = []
    for column in table.columns:
        mark = classification(column)
        if mark is not None and mark.about_people:
            names = ("secret", "derived", "subject", "actor", "personal")
            kind = next(name for name in names if getattr(mark, name))
            values = (
                *(table.name, column.name, mark.clause or "", " ".join(mark.purposes)),
                *(kind, term, "yes" if is_held else "no"),
            )
            found.append(dict(zip(HEADINGS, values, strict=True)))
    return found
