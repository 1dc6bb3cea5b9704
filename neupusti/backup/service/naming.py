"""Names of backups: when each was made, and the day on which it has to go."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from neupusti.core import clock

NAME = re.compile(
    r"neupusti-(?P<made>\d{4}-\d\d-\d\dT\d{6})Z-until-(?P<until>\d{4}-\d\d-\d\d)"
    r"\.tar\.gz(?P<sealed>\.gpg)?",
    re.ASCII,
)
MADE = "%Y-%m-%dT%H%M%S"
OLDEST = timedelta(hours=26)
"""A day, and the time that a backup takes."""


@dataclass(frozen=True, slots=True)
class Named:
    """A backup in the folder, as its name tells."""

    path: Path
    made_at: datetime
    until: date
    sealed: bool
    """Whether it is encrypted."""


def name(now: datetime, days: int, *, sealed: bool) -> str:
    """Return the name of a backup made `now` that is kept for `days`."""
    until = now.astimezone(clock.ALMATY).date() + timedelta(days=days)
    end = ".gpg" if sealed else ""
    return f"neupusti-{now.astimezone(UTC):{MADE}}Z-until-{until}.tar.gz{end}"


def found(folder: Path) -> Iterator[Named]:
    """Yield the backups of `folder`, the oldest first; other files are not ours."""
    for path in sorted(folder.iterdir()):
        if match := NAME.fullmatch(path.name):
            made = datetime.strptime(match["made"], MADE).replace(tzinfo=UTC)
            until = date.fromisoformat(match["until"])
            yield Named(path, made, until, match["sealed"] is not None)


def overdue(folder: str) -> bool:
    """Return whether a folder is set, and its newest backup is old, plain or missing."""
    if not folder:
        return False
    try:
        newest = max(found(Path(folder)), key=lambda one: one.made_at, default=None)
    except OSError:
        return True
    return newest is None or not newest.sealed or clock.now() - newest.made_at > OLDEST
