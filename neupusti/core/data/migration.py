"""Names shared by the migrations and by the check whether they have run."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, text

FULL_TEXT = "product_words"
"""The full-text index: no model, since SQLite spreads a virtual table over several own."""
FILE_PARTS = "file_part_"
"""How the partitions of the table of files begin."""

STOPS_COPIES = "STOPS_COPIES"
"""The name in a migration that says why no copy of the version before may go on serving."""
PARTITIONS = text(
    "SELECT relname FROM pg_class WHERE relispartition"
    " AND relnamespace = current_schema()::regnamespace"
)


def version_table(bind: str | None) -> str:
    """Return the version table of a database; the two may share a server."""
    return "alembic_version" if bind is None else f"alembic_version_{bind}"


def is_modelled(table: str) -> bool:
    """Return whether a table of a database should have a model."""
    return not table.startswith((FULL_TEXT, FILE_PARTS))


def compared(connection: Connection) -> Callable[[str | None, str, Any], bool]:
    """Return what tells Alembic whether to compare a name it found with the models.

    A partition has no model of its own: the table that it is a part of has.
    """
    on_server = connection.dialect.name == "postgresql"
    partitions = frozenset(connection.scalars(PARTITIONS) if on_server else ())

    def is_compared(name: str | None, kind: str, _parents: Any) -> bool:
        if kind != "table" or name is None:
            return True
        return name not in partitions and is_modelled(name)

    return is_compared
