"""Readiness, security.txt and the seeding of the site."""

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from math import isfinite
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from neupusti.core.background import ago
from neupusti.core.blocking import guards
from neupusti.core.data.database import db
from neupusti.core.data.migration import version_table
from neupusti.core.data.postgresql import is_read_only
from neupusti.core.registry import Registry

SECURITY_TXT_EXPIRES = date(2027, 11, 15)
"""Less than a year ahead (RFC 9116); review the file before moving it."""
LEAST_FREE = 8 * 1024 * 1024
"""Bytes that a disk must have left: a burst of the access log and its journals."""
COPIES = "neupusti.copies"
"""What an app knows: what its process keeps of the database -> the age of that, in seconds;
a look at the age refreshes it."""
LONGEST_COPY = 10.0
REMINDER_PERIOD = timedelta(days=30)


def readiness(migrations: Path) -> dict[str, str]:
    """Return the state of each database: `ok` or what is wrong with it.

    One that a newer version has migrated is `ok`: while the machines of a site are upgraded
    one by one, those that wait for it serve on.
    """
    script = ScriptDirectory.from_config(_alembic(migrations))
    return {name or "main": _state(name, script) for name in (None, "access")}


def guard(migrations: Path, tables: Mapping[Table, bool]) -> None:
    """Make the guards of `tables` as this version has them, where they are not.

    A database that a newer version has migrated keeps its own.
    """
    newest = ScriptDirectory.from_config(_alembic(migrations)).get_current_head()
    with db.engine.begin() as connection:
        if _version(connection, None) == newest:
            guards.renew(connection, tables)


def disk(folders: Iterable[Path]) -> str:
    """Return `full` where writes to one of these folders are about to fail, else `ok`."""
    return "ok" if free_bytes(folders) > LEAST_FREE else "full"


def copies(ages: Mapping[str, Callable[[], float]]) -> dict[str, str]:
    """Return the state of what this process keeps of the database: `ok`, or its age."""
    return {name: _freshness(age()) for name, age in ages.items()}


def _freshness(seconds: float) -> str:
    if seconds < LONGEST_COPY:
        return "ok"
    known = timedelta(seconds=seconds) if isfinite(seconds) else None
    return "never read" if known is None else f"not refreshed for {ago(known)}"


def free_bytes(folders: Iterable[Path]) -> int:
    """Return the space left on the fullest of the disks; 0 where no file can be made."""
    found = [os.statvfs(folder) for folder in folders if folder.is_dir()]
    # A file system without a limit of files counts none at all.
    return min(
        (0 if s.f_files and not s.f_favail else s.f_bavail * s.f_frsize for s in found),
        default=LEAST_FREE + 1,
    )


def written_folders(instance: Path) -> set[Path]:
    """Return the data folder, and that of each SQLite file."""
    urls = [engine.url for engine in db.engines.values()]
    files = {Path(u.database) for u in urls if u.drivername == "sqlite" and u.database}
    return {instance, *(file.parent for file in files)}


def _alembic(migrations: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations))
    return config


def _state(bind: str | None, script: ScriptDirectory) -> str:
    try:
        with db.engines[bind].connect() as connection:
            version = _version(connection, bind)
            older = {known.revision for known in script.walk_revisions()}
            older.discard(str(script.get_current_head()))
            if version is None or version in older:
                return "not migrated"
            read_only = connection.dialect.name == "postgresql" and is_read_only(connection)
            return "read only" if read_only else "ok"
    except SQLAlchemyError:
        return "unreachable"


def _version(connection: Connection, bind: str | None) -> str | None:
    table = version_table(bind)
    if not inspect(connection).has_table(table):
        return None
    version: str | None = connection.scalar(text(f"SELECT version_num FROM {table}"))  # noqa: S608 - one of our two names
    return version


def security_txt(base_url: str, email: str) -> str:
    """Return the text of security.txt (RFC 9116)."""
    expires = datetime.combine(SECURITY_TXT_EXPIRES, time(), UTC)
    contact = f"mailto:{email}" if email else f"{base_url}/policy/"
    return "\n".join(
        (
            f"Contact: {contact}",
            f"Expires: {expires.isoformat().replace('+00:00', 'Z')}",
            "Preferred-Languages: ru, kk, en",
            f"Canonical: {base_url}/.well-known/security.txt",
            f"Policy: {base_url}/policy/",
            "",
        )
    )


def security_txt_needs_review(day: date) -> bool:
    """Return whether security.txt expires within 30 days of `day`, or not in a year."""
    return not REMINDER_PERIOD < SECURITY_TXT_EXPIRES - day < timedelta(days=365)


def seed(registry: Registry) -> list[str]:
    """Run the seed function of every feature; return the lines they report."""
    lines = [feature.seed() for feature in registry.features if feature.seed]
    return [line for line in lines if line]
