"""Make a backup of both databases and the data folder while the site serves (5.4)."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import mkdtemp

from sqlalchemy import text

from neupusti.backup.service import archive, dumping, naming, sealing
from neupusti.backup.service.alone import alone
from neupusti.backup.service.archive import Writer
from neupusti.backup.service.dumping import BINDS
from neupusti.config.settings import Settings
from neupusti.core import clock
from neupusti.core.data import disk
from neupusti.core.data.database import db
from neupusti.core.data.disk import PART
from neupusti.core.data.file_folder import LOCK as FILE_LOCK
from neupusti.core.data.migration import version_table
from neupusti.core.records import decision_file
from neupusti.rights.service.exporting import FOLDER as EXPORTS

STAGING = ".making-"
HEADS = "*-head"
"""The heads of the chains: copied before the databases, which then pass through them."""
LEFT_OUT = frozenset({EXPORTS})
"""Folders of the data folder that go in hours: copies of what is in the databases."""
SCRATCH = (".lock", PART, ".new")


@dataclass(frozen=True, slots=True)
class Made:
    """A finished backup."""

    path: Path
    bytes: int
    until: date
    sealed: bool
    removed: int
    """How many older ones, past their day, were removed."""


def make(own: Settings, folder: Path) -> Made:
    """Make a backup in `folder`, once those whose day has come are removed.

    They go though no new one can be made, as on a full disk. Nothing but a whole backup
    ever has its name. Raise BackupError, OSError, sqlite3.Error and what SQLAlchemy raises.
    """
    with alone(folder, f"{STAGING}*", f"*{PART}"), _staging(folder) as staging:
        removed = _remove_old(folder)
        now, days = clock.now(), own.backup_days
        target = folder / naming.name(now, days, sealed=bool(own.backup_key))
        with (
            disk.replacing(target) as out,
            sealing.sealed(out, own.backup_key) as sink,
            archive.writer(sink) as writer,
        ):
            _fill(writer, own.instance, staging)
            writer.finish(
                made_at=now.isoformat(),
                system=dumping.dialect(),
                revisions={name: _revision(name) for name in BINDS},
            )
        made = next(one for one in naming.found(folder) if one.path == target)
        return Made(target, target.stat().st_size, made.until, made.sealed, removed)


def _fill(writer: Writer, instance: Path, staging: Path) -> None:
    for path in sorted(instance.glob(HEADS)):
        writer.add(f"{archive.FILES}{path.name}", path)
    for name in BINDS:
        copy = dumping.dump(name, staging)
        writer.add(copy.name, copy)
        copy.unlink()
    if decision_file.path().exists():
        writer.add(f"{archive.FILES}{decision_file.NAME}", decision_file.path())
    for path in _files(instance, but=staging.parent):
        # What was deleted since the databases were copied has gone for good.
        with suppress(FileNotFoundError):
            writer.add(f"{archive.FILES}{path.relative_to(instance)}", path)


def _files(instance: Path, *, but: Path) -> Iterator[Path]:
    """Yield what lies in the folders of the data folder: neither databases nor secret."""
    for folder in sorted(instance.iterdir()):
        hidden = folder.name.startswith(".") or folder.name in LEFT_OUT
        if hidden or folder.is_symlink() or folder.resolve() == but.resolve():
            continue
        for path in sorted(folder.rglob("*")):
            scratch = path.name == FILE_LOCK or path.name.endswith(SCRATCH)
            if path.is_file() and not path.is_symlink() and not scratch:
                yield path


def _revision(name: str) -> str:
    table = version_table(BINDS[name])
    with db.engines[BINDS[name]].connect() as connection:
        found = connection.scalar(text(f"SELECT version_num FROM {table}"))  # noqa: S608 - one of our two names
    return str(found)


def _remove_old(folder: Path) -> int:
    old = [one for one in naming.found(folder) if one.until < clock.today()]
    for one in old:
        one.path.unlink()
    return len(old)


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """Have a folder for the copies of the databases, where there is room for a backup."""
    staging = Path(mkdtemp(prefix=STAGING, dir=folder))
    try:
        yield staging
    finally:
        shutil.rmtree(staging)
