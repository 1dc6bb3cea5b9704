"""The secret that a local site generates and stores in a file."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

NAME = "secret"


def read_or_create(instance: Path) -> str:
    """Return the secret stored in `instance`; generate it once. Raise OSError."""
    path = instance / NAME
    if not path.exists():
        create(path, generate())
    return path.read_text().strip()


def keep(instance: Path, secret: str) -> bool:
    """Store the secret of a site whose folder is new; return whether it is stored there."""
    path = instance / NAME
    if not path.exists():
        create(path, secret)
    return path.read_text().strip() == secret


def generate() -> str:
    """Return a new secret."""
    return secrets.token_urlsafe(48)


def create(path: Path, text: str) -> None:
    """Write a file that only its owner reads, unless it is there already. Raise OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written aside, then linked: two that start at once agree on one text.
    with NamedTemporaryFile("w", dir=path.parent, prefix=f"{path.name}.") as aside:
        aside.write(text)
        aside.flush()
        os.fsync(aside.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(aside.name)
