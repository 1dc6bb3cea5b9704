"""The secret that a site of one machine makes for itself and keeps in a file."""

import os
import secrets
from pathlib import Path


def kept_in(instance: Path) -> str:
    """Return the secret kept in `instance`; make it on the first call. Raise OSError."""
    kept = instance / "secret"
    if not kept.exists():
        _make(kept)
    return kept.read_text().strip()


def _make(kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_name(f"secret.{os.getpid()}")
    # Written aside and linked in: two processes that start at once agree on one secret.
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
    ) as out:
        out.write(secrets.token_urlsafe(48))
    try:
        kept.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
