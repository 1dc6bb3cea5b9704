"""The published editions as readers see them: which is in force, in which language.

An edition is the texts of one date from one source, and takes effect at one moment. Where
the operator's document and a restatement share a date, the restatement stands until the
document takes effect: neither is in force earlier than it says.

Published rows never change, so a process keeps them and asks the database at most once a
second whether there are more. What is in force is decided by the clock at every request:
page, JSON and feed switch together at the minute an edition names (9.2). A database that
does not answer leaves the shelf as it last stood.
"""

import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Row, func, select
from sqlalchemy.exc import SQLAlchemyError

from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.text.languages import Language
from neupusti.core.web import microcache
from neupusti.policy.models import Edition, EditionKind, EditionSource, terms
from neupusti.policy.service import parser
from neupusti.policy.service.document import Document

RECHECK_SECONDS = 1.0


class NotFoundError(LookupError):
    """There is no such published edition."""


@dataclass(frozen=True)
class EditionText:
    """One published text, with the terms of its edition."""

    date: date
    language: Language
    source: EditionSource
    text: str
    sha256: str
    kind: EditionKind
    note: str
    note_language: Language
    """Its own, or another one where only another text of its edition has a note."""
    effective_from: datetime
    published_at: datetime

    @property
    def document(self) -> Document:
        """The tree of its clauses."""
        return _parsed(self.text)


@lru_cache(maxsize=64)
def _parsed(text: str) -> Document:
    return parser.parse(text)


@dataclass(frozen=True, slots=True, order=True)
class Start:
    """The moment an edition takes effect."""

    at: datetime
    day: date
    source: EditionSource


@dataclass(frozen=True)
class EditionStore:
    """All published texts of one database, newest date first."""

    texts: tuple[EditionText, ...]

    @cached_property
    def dates(self) -> tuple[date, ...]:
        """The dates of the editions, newest first."""
        return tuple(sorted({text.date for text in self.texts}, reverse=True))

    def effective_from(self, day: date) -> datetime:
        """Return the moment what stands for `day` takes effect; raise NotFoundError."""
        return self.standing(day).at

    @cached_property
    def starts(self) -> tuple[Start, ...]:
        """Return when each edition takes effect, the earliest first.

        A restatement has no moment where the operator's document of its date does not
        come after it.
        """
        starts = {Start(t.effective_from, t.date, t.source) for t in self.texts}
        own = {
            start.day: start.at
            for start in starts
            if start.source is EditionSource.OPERATOR
        }
        return tuple(
            sorted(
                start
                for start in starts
                if start.source is EditionSource.OPERATOR
                or start.day not in own
                or start.at < own[start.day]
            )
        )

    def standing(self, day: date) -> Start:
        """Return which edition of `day` holds now, or will first; raise NotFoundError."""
        starts = [start for start in self.starts if start.day == day]
        if not starts:
            raise NotFoundError(f"no published edition of {day}")
        begun = [start for start in self.starts[: self._begun()] if start.day == day]
        return begun[-1] if begun else starts[0]

    def aside(self, text: EditionText) -> bool:
        """Tell whether readers of its date and language are shown another text now."""
        return self.text(text.date, text.language) is not text

    def replaced(self, text: EditionText) -> bool:
        """Tell whether `text` gave way to the operator's own document."""
        return text.source is EditionSource.RESTATEMENT and self.aside(text)

    def in_force(self, at: datetime | None = None) -> date:
        """Return the date of the edition in force; raise NotFoundError if none is yet."""
        begun = self._begun(at)
        if not begun:
            raise NotFoundError("no edition is in force")
        return self.starts[begun - 1].day

    def coming(self, at: datetime | None = None) -> Start | None:
        """Return the start of the next edition that is published but not yet in force."""
        waiting = self.starts[self._begun(at) :]
        return max((start for start in waiting if start.at == waiting[0].at), default=None)

    def _begun(self, at: datetime | None = None) -> int:
        """Return how many editions have taken effect: all that time changes here."""
        return bisect_right(self.starts, at or clock.now(), key=lambda start: start.at)

    def all_of(self, day: date) -> tuple[EditionText, ...]:
        """Return every text of one date, in the order of the site's languages."""
        return tuple(text for text in self.texts if text.date == day)

    def text(
        self, day: date, language: Language, source: EditionSource | None = None
    ) -> EditionText:
        """Return the text of `day` to show; raise NotFoundError.

        The operator's document in force goes before a restatement, the wanted language
        before Russian, Russian before any other. With a `source` the other one is left out.
        """
        asked = (day, language, source, self._begun())
        if asked not in self._found:
            self._found[asked] = self._search(day, language, source)
        return self._found[asked]

    @cached_property
    def _found(self) -> dict[tuple[date, Language, EditionSource | None, int], EditionText]:
        return {}

    def _search(
        self, day: date, language: Language, source: EditionSource | None
    ) -> EditionText:
        stands = source or self.standing(day).source
        found = [
            text
            for text in self.all_of(day)
            if text.source is stands
            or (source is None and stands is EditionSource.OPERATOR)
        ]
        if not found:
            raise NotFoundError(f"no published edition of {day} from the {source}")
        wanted = [language, *Language]
        return min(found, key=lambda t: (wanted.index(t.language), t.source is not stands))


def current_store() -> EditionStore:
    """Return the shelf of the current app's database, at most a second old."""
    return _cache(db.engine).store()


def date_in_force() -> str:
    """Return the date of the edition in force, or nothing where there is none."""
    try:
        return current_store().in_force().isoformat()
    except NotFoundError:
        return ""


def invalidate() -> None:
    """Look again at the next call: something was published in this process."""
    _cache(db.engine).stale = True
    microcache.invalidate()


class _StoreCache:
    """Holds the shelf of one database."""

    def __init__(self) -> None:
        self.kept: EditionStore | None = None
        self.stamp: object = None
        self.checked = 0.0
        self.stale = True
        self.lock = Lock()

    def store(self) -> EditionStore:
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
        return self.kept or EditionStore(())

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
        self.kept, self.stamp = EditionStore(_texts(rows)), stamp


_KEEPERS: WeakKeyDictionary[Engine, _StoreCache] = WeakKeyDictionary()


def _cache(engine: Engine) -> _StoreCache:
    return _KEEPERS.setdefault(engine, _StoreCache())


def _texts(rows: Sequence[Row[Any]]) -> tuple[EditionText, ...]:
    editions: dict[tuple[date, str], list[Row[Any]]] = defaultdict(list)
    languages = list(Language)
    for row in sorted(rows, key=lambda row: languages.index(Language(row.language))):
        editions[row.date, row.source].append(row)
    texts = [text for parts in editions.values() for text in _edition(parts)]
    texts.sort(key=lambda t: (-t.date.toordinal(), languages.index(t.language), t.source))
    return tuple(texts)


def _edition(rows: list[Row[Any]]) -> Iterator[EditionText]:
    """Yield the texts of one date and source, each with what is said once for all."""
    whole = terms(rows)
    noted = next((row for row in rows if row.note), rows[0])
    for row in rows:
        yield EditionText(
            date=row.date,
            language=Language(row.language),
            source=EditionSource(row.source),
            text=row.text,
            sha256=row.sha256,
            kind=whole.kind,
            note=row.note or noted.note,
            note_language=Language((row if row.note else noted).language),
            effective_from=whole.effective_from,
            published_at=row.published_at,
        )
