"""Names shared by the migrations and by those who ask whether they have run."""


def version_table(bind: str | None) -> str:
    """Return the table that holds a database's version: the two may share a server."""
    return "alembic_version" if bind is None else f"alembic_version_{bind}"
