"""The secret that a local site generates and stores in a file."""

import os
import secrets
from pathlib import Path


def read_or_create(instance: Path) -> str:
    """Return the secret stored in `instance`; generate it once. Raise OSError."""
    path = instance / "secret"
    if not path.exists():
        _create(path)
    return path.read_text().strip()


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"secret.{os.getpid()}")
    # Written aside, then linked: two processes that start at once agree on one secret.
    with os.fdopen(
        os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
    ) as out:
        out.write(secrets.token_urlsafe(48))
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
