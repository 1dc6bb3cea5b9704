"""Numbers of rows that are given again, as in a backup that is restored."""

from sqlalchemy import text

from neupusti.core.data.database import db, writing


def turn_back() -> None:
    """Let SQLite give the number of each last row that is gone to the next one.

    A restored backup turns its counters back to the day when it was made. PostgreSQL,
    whose sequences are no rows of a table, is left as it is.
    """
    db.session.rollback()
    with writing() as session:
        if session.get_bind().dialect.name == "sqlite":
            session.execute(text("DELETE FROM sqlite_sequence"))
