"""The published editions as readers see them: which is in force, in which language.

Published rows never change, so a process keeps them and asks the database at most once a
second whether there are more. What is in force is decided by the clock at every request:
page, JSON and feed switch together at the minute an edition names (9.2). A database that
does not answer leaves the shelf as it last stood.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Row, func, select
from sqlalchemy.exc import SQLAlchemyError

from neupusti.core import clock, front
from neupusti.core.database import db
from neupusti.core.languages import Language
from neupusti.policy.models import Edition, Kind, Source
from neupusti.policy.service import parser
from neupusti.policy.service.document import Document

RECHECK_SECONDS = 1.0


class NotFoundError(LookupError):
    """There is no such published edition."""


@dataclass(frozen=True)
class Text:
    """One published text; `replaced` if it gave way to the operator's own document."""

    date: date
    language: Language
    source: Source
    text: str
    sha256: str
    kind: Kind
    note: str
    effective_from: datetime
    published_at: datetime
    replaced: bool = False

    @property
    def document(self) -> Document:
        """The tree of its clauses."""
        return _parsed(self.text)


@lru_cache(maxsize=64)
def _parsed(text: str) -> Document:
    return parser.parse(text)


@dataclass(frozen=True)
class Shelf:
    """All published texts of one database, newest date first."""

    texts: tuple[Text, ...]

    @cached_property
    def dates(self) -> tuple[date, ...]:
        """The dates of the editions, newest first."""
        return tuple(sorted({text.date for text in self.texts}, reverse=True))

    def effective_from(self, day: date) -> datetime:
        """Return the moment the edition of `day` takes effect: that of its first text."""
        return self._effective[day]

    @cached_property
    def _effective(self) -> dict[date, datetime]:
        return {
            day: min(text.effective_from for text in self.all_of(day)) for day in self.dates
        }

    @cached_property
    def _starts(self) -> list[tuple[datetime, date]]:
        """When each edition takes effect, the earliest first."""
        return sorted((start, day) for day, start in self._effective.items())

    def in_force(self, at: datetime | None = None) -> date:
        """Return the date of the edition in force; raise NotFoundError if none is yet."""
        at = at or clock.now()
        begun = [day for start, day in self._starts if start <= at]
        if not begun:
            raise NotFoundError("no edition is in force")
        return begun[-1]

    def coming(self, at: datetime | None = None) -> date | None:
        """Return the date of the next edition that is published but not yet in force."""
        at = at or clock.now()
        waiting = [start for start in self._starts if start[0] > at]
        return max((day for start, day in waiting if start == waiting[0][0]), default=None)

    def all_of(self, day: date) -> tuple[Text, ...]:
        """Return every text of one date, in the order of the site's languages."""
        return tuple(text for text in self.texts if text.date == day)

    def text(self, day: date, language: Language, source: Source | None = None) -> Text:
        """Return the text of `day` to show; raise NotFoundError.

        The operator's document goes before a restatement, the wanted language before
        Russian, Russian before any other.
        """
        asked = (day, language, source)
        if asked not in self._found:
            self._found[asked] = self._search(day, language, source)
        return self._found[asked]

    @cached_property
    def _found(self) -> dict[tuple[date, Language, Source | None], Text]:
        return {}

    def _search(self, day: date, language: Language, source: Source | None) -> Text:
        found = [t for t in self.all_of(day) if source is None or t.source is source]
        if not found:
            raise NotFoundError(f"no published edition of {day}")
        wanted = [language, *Language]
        return min(found, key=lambda t: (wanted.index(t.language), t.replaced))


def shelf() -> Shelf:
    """Return the shelf of the current app's database, at most a second old."""
    return _keeper(db.engine).shelf()


def date_in_force() -> str:
    """Return the date of the edition in force, or nothing where there is none."""
    try:
        return shelf().in_force().isoformat()
    except NotFoundError:
        return ""


def forget() -> None:
    """Look again at the next call: something was published in this process."""
    _keeper(db.engine).stale = True
    front.forget()


class _Keeper:
    """Holds the shelf of one database."""

    def __init__(self) -> None:
        self.kept: Shelf | None = None
        self.stamp: object = None
        self.checked = 0.0
        self.stale = True
        self.lock = Lock()

    def shelf(self) -> Shelf:
        fresh = time.monotonic() - self.checked < RECHECK_SECONDS
        if self.kept is not None and fresh and not self.stale:
            return self.kept
        # While one thread looks, the others read on from what is kept.
        if self.lock.acquire(blocking=self.kept is None or self.stale):
            try:
                self._look()
                self.stale = False
            except SQLAlchemyError:
                if self.kept is None:
                    raise
            finally:
                self.checked = time.monotonic()
                self.lock.release()
        return self.kept or Shelf(())

    def _look(self) -> None:
        published = Edition.published_at.is_not(None)
        # A connection of its own: the shelf leaves the request's session as it is.
        with db.engine.connect() as connection:
            stamp = connection.execute(
                select(func.count(), func.max(Edition.id)).where(published)
            ).one()
            if self.kept is not None and stamp == self.stamp:
                return
            rows = connection.execute(select(Edition.__table__).where(published)).all()
        self.kept, self.stamp = Shelf(_texts(rows)), stamp


_KEEPERS: WeakKeyDictionary[Engine, _Keeper] = WeakKeyDictionary()


def _keeper(engine: Engine) -> _Keeper:
    return _KEEPERS.setdefault(engine, _Keeper())


def _texts(rows: Sequence[Row[Any]]) -> tuple[Text, ...]:
    own = {(row.date, row.language) for row in rows if row.source == Source.OPERATOR}
    texts = [
        Text(
            date=row.date,
            language=Language(row.language),
            source=Source(row.source),
            text=row.text,
            sha256=row.sha256,
            kind=Kind(row.kind),
            note=row.note,
            effective_from=row.effective_from,
            published_at=row.published_at,
            replaced=row.source == Source.RESTATEMENT and (row.date, row.language) in own,
        )
        for row in rows
    ]
    languages = list(Language)
    texts.sort(key=lambda t: (-t.date.toordinal(), languages.index(t.language), t.replaced))
    return tuple(texts)
