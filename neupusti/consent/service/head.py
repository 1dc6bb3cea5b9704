"""The head of the chain, kept in a file outside the database and signed.

A chain shows a changed or missing row, but not that its end was cut off or that all of it
is gone. The file is one line: id and chain value of the newest record, time, signature.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from neupusti.config.settings import settings
from neupusti.core import clock
from neupusti.core.data import files, keys

FILE, USE = "consent-head", "consent head"


class ForgedHeadError(ValueError):
    """The file holds a line that this site did not sign."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest record at one time; `id` is 0 where there was none."""

    id: int
    chain: str
    at: datetime


def path() -> Path:
    """Return the path of the file, in the data folder."""
    return settings().instance / FILE


def line() -> str | None:
    """Return the line of the file, as receipts show it; None where none was kept."""
    try:
        return path().read_text(errors="replace").strip()
    except FileNotFoundError:
        return None


def kept() -> Head | None:
    """Return the head kept by the last run, or None. Raise ForgedHeadError."""
    found = line()
    if found is None:
        return None
    body, _, signature = found.rpartition(" ")
    if not keys.is_signed(USE, body, signature):
        raise ForgedHeadError
    number, chain, at = body.split(" ")
    return Head(int(number), chain, datetime.fromisoformat(at))


def keep(number: int, chain: str) -> None:
    """Keep record `number` with its `chain` value as the head. Raise OSError."""
    body = f"{number} {chain} {clock.now().isoformat(timespec='seconds')}"
    files.replace(path(), f"{body} {keys.keyed(USE, body)}\n".encode())
