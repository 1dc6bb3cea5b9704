"""Try whether this version can use the databases of a backup."""

import os
import subprocess
import sys

from neupusti.backup.service.dumping import SQLITE
from neupusti.backup.service.errors import BackupError
from neupusti.backup.service.restoring import Unpacked
from neupusti.config.checks import PREFIX
from neupusti.config.values import ROOT

URLS = {f"{PREFIX}DATABASE_URL", f"{PREFIX}ACCESS_DATABASE_URL"}


def migrate(backup: Unpacked) -> None:
    """Migrate the copies of SQLite in a process of its own. Raise BackupError.

    Those of PostgreSQL would need a server: they are only read.
    """
    if backup.manifest["system"] != SQLITE:
        return
    kept = {name: value for name, value in os.environ.items() if name not in URLS}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "db", "upgrade"],
        cwd=ROOT,
        env={**kept, f"{PREFIX}INSTANCE": str(backup.folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        told = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise BackupError(f"The databases cannot be migrated: {told}")
