"""The manifest of an export: what is in it, and a seal by which the site knows it again."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from neupusti.core.data import keys

FORMAT = "neupusti-export/1"
JSON = "application/json"
SEAL = "export"
"""The use of the key of the seal."""
LARGEST = 4 * 1024 * 1024
"""Characters of a manifest that is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of the archive."""

    path: str
    media: str
    rows: int | None
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """An export that was written."""

    content: Mapping[str, Any] = field(repr=False)
    """What its `manifest.json` says."""
    bytes: int
    sha256: str
    """Of the whole archive."""

    @property
    def complete(self) -> bool:
        """Whether everything that was found is in it."""
        return bool(self.content["complete"])

    @property
    def rows(self) -> int:
        """How many rows are in it."""
        return sum(section["exported"] for section in self.content["sections"])

    @property
    def root(self) -> str:
        """The hash over the hashes of its files."""
        return str(self.content["root"])


@dataclass(frozen=True, slots=True)
class Recognised:
    """An export of this site; nothing else is said of it."""

    made_at: str
    rows: int


def root_of(files: Iterable[tuple[str, str]]) -> str:
    """Return the SHA-256 over the sorted lines «hash  path» of `sha256sum`."""
    lines = sorted(f"{digest}  {path}\n" for path, digest in files)
    return sha256("".join(lines).encode()).hexdigest()


def sealed(content: Mapping[str, Any]) -> str:
    """Return the seal of a manifest: a keyed hash of all it says but the seal."""
    return keys.keyed(SEAL, _text(content))


def recognise(text: str) -> Recognised | None:
    """Return the export whose `manifest.json` is `text`; None: it is not of this site.

    Also one that was sealed with a former secret, and one that was changed is not.
    """
    try:
        content: dict[str, Any] = json.loads(text[:LARGEST])
        known = keys.is_signed(SEAL, _text(content), str(content["seal"]))
        rows = sum(section["exported"] for section in content["sections"])
        return Recognised(content["made_at"], rows) if known else None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _text(content: Mapping[str, Any]) -> str:
    unsealed = {name: value for name, value in content.items() if name != "seal"}
    return json.dumps(unsealed, ensure_ascii=False, sort_keys=True)
