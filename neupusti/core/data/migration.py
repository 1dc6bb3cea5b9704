"""Names shared by the migrations and by the check whether they have run."""


def version_table(bind: str | None) -> str:
    """Return the version table of a database; the two may share a server."""
    return "alembic_version" if bind is None else f"alembic_version_{bind}"
