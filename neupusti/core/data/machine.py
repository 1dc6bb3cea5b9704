"""The name of this machine among those that share one PostgreSQL."""

import secrets
from pathlib import Path

from flask import current_app

from neupusti.core.data import secretfile
from neupusti.core.data.database import db

FILE = "machine"
DIGITS = 16


def name() -> str:
    """Return the name of the data folder's machine, made once; raise OSError.

    It is random, so that two machines made from one image differ, unless the folder was
    copied as well: then the file is to be deleted in the copy. On SQLite it is empty,
    since there are no others.
    """
    if db.engine.dialect.name != "postgresql":
        return ""
    file = Path(current_app.instance_path) / FILE
    if not file.exists():
        secretfile.create(file, secrets.token_hex(DIGITS // 2))
    return file.read_text().strip()
