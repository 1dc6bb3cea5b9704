"""Check a backup byte by byte, and restore it into an empty place."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from neupusti.backup.service import archive, dumping, sealing
from neupusti.backup.service.alone import alone
from neupusti.backup.service.dumping import BINDS
from neupusti.backup.service.errors import BackupError
from neupusti.core.data import disk
from neupusti.core.data.database import make_private
from neupusti.core.records import decision_file, restore_mark

STAGING = ".restoring-"
LEFT = f"{STAGING}*"
SWEEP_EVERY = timedelta(hours=1)
DECISIONS = f"{archive.FILES}{decision_file.NAME}"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A backup whose every byte is that which was backed up."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def databases(self) -> list[Path]:
        """The copies of the databases."""
        system = self.manifest["system"]
        return [self.folder / dumping.entry(name, system) for name in BINDS]


@contextmanager
def unpacked(file: Path, instance: Path) -> Iterator[Unpacked]:
    """Unpack a backup for a block, in the data folder. Raise BackupError, OSError."""
    with alone(instance, LEFT), TemporaryDirectory(prefix=STAGING, dir=instance) as name:
        folder = Path(name)
        with sealing.opened(file) as content:
            manifest = archive.unpack(content, folder)
        found = Unpacked(folder, manifest)
        for path in found.databases:
            if not path.exists():
                raise BackupError(f"The backup lacks {path.name}.")
            dumping.ensure_readable(path)
        yield found


def sweep() -> None:
    """Run the job: remove the copies that a killed check or restore has left."""
    with suppress(BlockingIOError), alone(disk.home(), LEFT, waits=False):
        pass


def restore(file: Path, instance: Path) -> dict[str, Any]:
    """Restore a backup into the data folder and empty databases; return its manifest.

    The file of decisions that is there stays if it is the longer one: it knows what was
    decided since. Once something is changed, the site is shut until `restore_mark.end`.
    Raise BackupError, OSError and what SQLAlchemy raises.
    """
    with unpacked(file, instance) as backup:
        # Only now: one that ran meanwhile has filled them.
        if full := [name for name in BINDS if not dumping.is_empty(name)]:
            raise BackupError(
                f"The database «{full[0]}» is not empty: nothing was restored."
            )
        system, here = backup.manifest["system"], dumping.dialect()
        if system != here:
            raise BackupError(f"A backup of {system} cannot be restored on {here}.")
        _keep_longer(backup.folder / DECISIONS)
        restore_mark.begin()
        for name, path in zip(BINDS, backup.databases, strict=True):
            dumping.restore(name, path)
        make_private()
        _put(backup.folder / archive.FILES, instance)
        return backup.manifest


def _keep_longer(copy: Path) -> None:
    """Leave in the backup no file of decisions that is not longer than the present one.

    Raise BackupError where neither goes on from the other.
    """
    own = decision_file.path()
    if not (own.exists() and copy.exists()):
        return
    here, there = own.read_bytes(), copy.read_bytes()
    if here.startswith(there):
        copy.unlink()
    elif not there.startswith(here):
        raise BackupError(
            f"{own} does not go on from the backup: move it away, then replay --from it."
        )


def _put(source: Path, instance: Path) -> None:
    for path in sorted(source.rglob("*")) if source.exists() else ():
        if path.is_file():
            target = instance / path.relative_to(source)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.move(path, target)
