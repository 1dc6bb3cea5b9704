"""A copy of the main database of a test, put back later as a restored backup is."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
from flask import Flask

from neupusti.backup.service.dumping import BINDS
from neupusti.core.data.database import db
from neupusti.core.web.gate import gate


class Yesterday:
    """The main database as it is now."""

    def __init__(self, app: Flask) -> None:
        self.url = db.engine.url
        self.instance = Path(app.instance_path)
        self.copy = f"{self.url.database}_yesterday"
        if self.url.get_backend_name() == "sqlite":
            with closing(sqlite3.connect(str(self.url.database))) as connection:
                connection.execute("VACUUM INTO ?", (self.copy,))
        else:
            self._execute(f"CREATE DATABASE {self.copy} TEMPLATE {self.url.database}")

    def put_back(self) -> str:
        """Put it back, and start the site again; return what is wrong then."""
        db.session.remove()
        db.engine.dispose()
        if self.url.get_backend_name() == "sqlite":
            for end in ("-wal", "-shm"):
                Path(f"{self.url.database}{end}").unlink(missing_ok=True)
            shutil.copy(self.copy, str(self.url.database))
        else:
            self._execute(
                f"DROP DATABASE {self.url.database} WITH (FORCE)",
                f"CREATE DATABASE {self.url.database} TEMPLATE {self.copy}",
            )
        gate().begin()
        return gate().problem

    def _execute(self, *statements: str) -> None:
        db.session.remove()
        db.engine.dispose()
        url = self.url.set(drivername="postgresql", database="postgres")
        target = url.render_as_string(hide_password=False)
        with psycopg.connect(target, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


def lose(app: Flask) -> None:
    """Lose both databases and the files, as with a disk; the decisions are elsewhere."""
    db.session.remove()
    for bind in BINDS.values():
        engine = db.engines[bind]
        url = engine.url
        engine.dispose()
        if engine.dialect.name == "sqlite":
            for end in ("", "-wal", "-shm"):
                Path(f"{url.database}{end}").unlink(missing_ok=True)
            continue
        where = {"host": url.query["host"]}
        server = url.set(drivername="postgresql", database="postgres", query=where)
        target = server.render_as_string(hide_password=False)
        with psycopg.connect(target, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {url.database} WITH (FORCE)".encode())
            connection.execute(f"CREATE DATABASE {url.database}".encode())
    for folder in Path(app.instance_path).iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)
