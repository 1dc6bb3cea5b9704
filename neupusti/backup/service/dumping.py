"""Copy a database into a file while the site serves, and back."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, inspect

from neupusti.backup.service.errors import BackupError
from neupusti.core.data.database import ACCESS, db
from neupusti.core.data.file_table import FilePart
from neupusti.core.data.waiting import BUSY_SECONDS
from neupusti.rights.service.exporting import FOLDER as EXPORTS

BINDS: dict[str, str | None] = {"main": None, ACCESS: ACCESS}
SQLITE, POSTGRESQL = "sqlite", "postgresql"
ENDS = {SQLITE: "sqlite", POSTGRESQL: "dump"}
LEFT_OUT = f"{FilePart.__tablename__}_{EXPORTS}"
"""The stored archives on PostgreSQL: they go in hours, copies of what is in the rest."""
OF_DRIVER = ("context", "prepared_statements")
"""What the tools of PostgreSQL do not know."""
LOGS = ("-wal", "-journal")
"""The ends of the names of what SQLite writes beside a database."""


def dialect() -> str:
    """Return the database system of this site: that of the main database."""
    return db.engine.dialect.name


def entry(name: str, system: str) -> str:
    """Return the name of the copy of one database in a backup."""
    return f"{name}.{ENDS[system]}"


def dump(name: str, folder: Path) -> Path:
    """Copy the database `name` as it is at one moment; return the file.

    Raise BackupError, OSError, sqlite3.Error.
    """
    url = db.engines[BINDS[name]].url
    target = folder / entry(name, dialect())
    if dialect() == SQLITE:
        # A copy of what is there: without the free pages, where deleted rows may be.
        with closing(sqlite3.connect(str(url.database), BUSY_SECONDS)) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
    else:
        options = ("--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
        _run(url, "pg_dump", *options, f"--exclude-table-data={LEFT_OUT}")
    return target


def restore(name: str, source: Path) -> None:
    """Fill the empty database `name` from a copy. Raise BackupError, OSError."""
    url = db.engines[BINDS[name]].url
    if dialect() == SQLITE:
        db.engines[BINDS[name]].dispose()
        shutil.move(source, str(url.database))
        return
    options = ("--exit-on-error", "--no-owner", "--no-privileges", "--single-transaction")
    _run(url, "pg_restore", *options, str(source), into=True)


def ensure_readable(source: Path) -> None:
    """Read a whole copy; raise BackupError, sqlite3.Error where that fails."""
    if source.suffix == f".{ENDS[SQLITE]}":
        with closing(sqlite3.connect(source)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            raise BackupError(f"{source.name} is damaged: {found}")
    else:
        _tool("pg_restore", f"--file={os.devnull}", str(source))


def is_empty(name: str) -> bool:
    """Return whether the database `name` has no table, or is not there.

    A log without its database is not empty: SQLite would copy it over what is restored.
    """
    engine = db.engines[BINDS[name]]
    if dialect() == SQLITE:
        path = Path(str(engine.url.database))
        if not _size(path):
            return not any(_size(Path(f"{path}{end}")) for end in LOGS)
    return not inspect(engine).get_table_names()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _run(url: URL, tool: str, *options: str, into: bool = False) -> None:
    """Run a tool of PostgreSQL; the password is not among its arguments."""
    # As the driver of the site is asked, without what is meant for the driver alone.
    _, asked = db.engine.dialect.create_connect_args(url)
    words = {key: v for key, v in asked.items() if key not in (*OF_DRIVER, "password")}
    secret = {"PGPASSWORD": url.password} if url.password else {}
    name = f"--dbname={make_conninfo(**words)}"
    _tool(tool, *((name, *options) if into else (*options, name)), **secret)


def _tool(tool: str, *options: str, **environment: str) -> None:
    try:
        subprocess.run(  # noqa: S603 - one of our two tools, without a shell
            [tool, *options],
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        raise BackupError(f"{tool} is not on this machine: postgresql-client.") from None
    except subprocess.CalledProcessError as error:
        told = (error.stderr.strip().splitlines() or ["no reason given"])[0]
        raise BackupError(f"{tool}: {told}") from None
