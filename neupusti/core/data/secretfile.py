"""The secret that a local site generates and stores in a file."""

import os
import secrets
from pathlib import Path

NAME = "secret"


def read_or_create(instance: Path) -> str:
    """Return the secret stored in `instance`; generate it once. Raise OSError."""
    path = instance / NAME
    if not path.exists():
        _create(path, generate())
    return path.read_text().strip()


def keep(instance: Path, secret: str) -> bool:
    """Store the secret of a site whose folder is new; return whether it is stored there."""
    path = instance / NAME
    if not path.exists():
        _create(path, secret)
    return path.read_text().strip() == secret


def generate() -> str:
    """Return a new secret."""
    return secrets.token_urlsafe(48)


def _create(path: Path, secret: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"secret.{os.getpid()}")
    # Written aside, then linked: two processes that start at once agree on one secret.
    with os.fdopen(
        os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
    ) as out:
        out.write(secret)
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
