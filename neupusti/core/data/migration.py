"""Names shared by the migrations and by the check whether they have run."""

from typing import Any

FULL_TEXT = "product_words"
"""The full-text index: no model, since SQLite spreads a virtual table over several own."""
PARTITIONS = "file_part_"
"""How the partitions of the table of files begin."""


def version_table(bind: str | None) -> str:
    """Return the version table of a database; the two may share a server."""
    return "alembic_version" if bind is None else f"alembic_version_{bind}"


def is_modelled(name: str | None, kind: str, _parents: Any) -> bool:
    """Tell Alembic whether to compare what it found in a database with the models."""
    return kind != "table" or name is None or not name.startswith((FULL_TEXT, PARTITIONS))
