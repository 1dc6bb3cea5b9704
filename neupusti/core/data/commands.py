"""Commands of the site: a database or disk that cannot be used is one sentence.

Every command is run here, so none has to know what may go wrong below it. Any other
error is a mistake of ours and keeps its traceback.
"""

import os
import sqlite3
from collections.abc import Callable
from copy import copy
from typing import Any

import click
from flask.cli import AppGroup
from psycopg import Error as PostgresqlError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionError

FULL = "The disk is full: nothing was saved. Make room, then run the command again."
REFUSED = "These rows stay as they are: they are blocked, or never change."
LOCKED = "Another process is writing to the database: run the command again."
UNMIGRATED = "The database is not that of this version: `flask site setup` migrates it."
CLOSED = (
    "The database cannot be opened or written to: check NEUPUSTI_INSTANCE, who owns the "
    "folder, and as whom this command runs."
)
DAMAGED = "The file of the database is damaged, or is no database: restore the backup."
FAILING = "The disk of the database is full, or cannot be read or written."
AWAY = "The database does not answer: check its URL and its server."
SQLITE = {
    "SQLITE_FULL": FULL,
    "SQLITE_CONSTRAINT_TRIGGER": REFUSED,
    "SQLITE_BUSY": LOCKED,
    "SQLITE_LOCKED": LOCKED,
    "SQLITE_CANTOPEN": CLOSED,
    "SQLITE_PERM": CLOSED,
    "SQLITE_READONLY": CLOSED,
    "SQLITE_NOTADB": DAMAGED,
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_IOERR": FAILING,
}
"""The sentence for an error of SQLite, by the beginning of its name."""
MISSING = ("no such table", "no such column")
POSTGRESQL = {
    "53100": FULL,
    "P0001": REFUSED,
    "55P03": LOCKED,
    "40001": LOCKED,
    "40P01": LOCKED,
    "42P01": UNMIGRATED,
    "42703": UNMIGRATED,
    "3F000": UNMIGRATED,
    "25006": CLOSED,
    "42501": CLOSED,
    "53300": "The server of the database has no connection left.",
}
"""The sentence for an error of PostgreSQL, by its SQLSTATE."""


def sentence(error: BaseException) -> str | None:
    """Return what to tell about `error`; None where it is a mistake of ours."""
    driver = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(driver, sqlite3.Error):
        return _of_sqlite(driver)
    if isinstance(driver, PostgresqlError):
        return AWAY if driver.sqlstate is None else POSTGRESQL.get(driver.sqlstate)
    if isinstance(driver, NoConnectionError):
        return AWAY
    if isinstance(driver, OSError) and driver.errno is not None:
        where = f"{driver.filename}: " if driver.filename else ""
        return f"{where}{os.strerror(driver.errno)}."
    return None


def _of_sqlite(error: sqlite3.Error) -> str | None:
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_ERROR" and str(error).startswith(
        ("no such table", "no such column")
    ):
        return UNMIGRATED
    return next((text for start, text in SQLITE.items() if name.startswith(start)), None)


def told(invoke: Callable[[click.Context], Any]) -> Callable[[click.Context], Any]:
    """Return `invoke` with the errors of databases and disks as a ClickException."""

    def invoke_and_tell(context: click.Context) -> Any:
        try:
            return invoke(context)
        except Exception as error:
            # A reader that went away, as `| head` does, is click's to end quietly.
            text = None if isinstance(error, BrokenPipeError) else sentence(error)
            if text is None:
                raise
            raise click.ClickException(text) from None

    return invoke_and_tell


class Commands(AppGroup):
    """The commands of the app."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command that tells its errors in a sentence."""
        if (command := super().get_command(ctx, cmd_name)) is None:
            return None
        telling = copy(command)
        telling.invoke = told(command.invoke)  # type: ignore[assignment,method-assign]
        return telling
