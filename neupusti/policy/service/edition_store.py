"""A cached view of the published editions: which is in force, in which language.

An edition is the texts of one date and source, and takes effect at one moment. If the
operator's document and a restatement share a date, the restatement applies until the
document takes effect: neither is in force earlier than its own moment.

Published rows never change, so a process caches them and checks at most once a second
whether there are more. The clock decides at every request what is in force: page, JSON
and feed switch together at the minute an edition names (9.2). While the database is
unreachable, the cached editions are served.
"""

import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Row, func, select
from sqlalchemy.exc import SQLAlchemyError

from neupusti.core import clock
from neupusti.core.data.database import beside, db
from neupusti.core.data.looks import Look
from neupusti.core.text.languages import Language
from neupusti.core.web import microcache
from neupusti.policy import models
from neupusti.policy.models import Edition, EditionKind, EditionSource, terms
from neupusti.policy.service import parser, restated
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
    """The language of `note`, which another text of the edition may have supplied."""
    effective_from: datetime
    published_at: datetime

    @property
    def restates(self) -> bool:
        """Whether it is this site's wording of a document that the operator has."""
        return self.source is EditionSource.RESTATEMENT and self.date in restated.dates()

    @property
    def document(self) -> Document:
        """The parsed text."""
        return _parsed(self.text)


_parsed = lru_cache(maxsize=64)(parser.parse)


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
    assessments: tuple[tuple[str, str], ...] = ()
    """Every wording that was bound by hand and the entry of the ledger, oldest first."""

    @cached_property
    def dates(self) -> tuple[date, ...]:
        """The dates of the editions, newest first."""
        return tuple(sorted({text.date for text in self.texts}, reverse=True))

    def effective_from(self, day: date) -> datetime:
        """Return when the current edition of `day` takes effect; raise NotFoundError."""
        return self.current_start(day).at

    @cached_property
    def starts(self) -> tuple[Start, ...]:
        """Return when each edition takes effect, the earliest first.

        A restatement is left out unless the operator's document of its date comes later.
        """
        starts = {Start(t.effective_from, t.date, t.source) for t in self.texts}
        own = {s.day: s.at for s in starts if s.source is EditionSource.OPERATOR}
        return tuple(
            sorted(
                start
                for start in starts
                if start.source is EditionSource.OPERATOR
                or start.day not in own
                or start.at < own[start.day]
            )
        )

    def current_start(self, day: date) -> Start:
        """Return the edition of `day` in effect, else its first; raise NotFoundError."""
        starts = [start for start in self.starts if start.day == day]
        if not starts:
            raise NotFoundError(f"no published edition of {day}")
        started = [
            start for start in self.starts[: self._started_count()] if start.day == day
        ]
        return started[-1] if started else starts[0]

    def shadowed(self, text: EditionText) -> bool:
        """Return whether another text of its date and language is shown instead."""
        return self.text(text.date, text.language) is not text

    def replaced(self, text: EditionText) -> bool:
        """Return whether the operator's own document has replaced `text`."""
        return text.source is EditionSource.RESTATEMENT and self.shadowed(text)

    def in_force(self, at: datetime | None = None) -> date:
        """Return the date of the edition in force; raise NotFoundError if none is yet."""
        started = self._started_count(at)
        if not started:
            raise NotFoundError("no edition is in force")
        return self.starts[started - 1].day

    def coming(self, at: datetime | None = None) -> Start | None:
        """Return the start of the next edition that is published but not yet in force."""
        waiting = self.starts[self._started_count(at) :]
        return max((start for start in waiting if start.at == waiting[0].at), default=None)

    def _started_count(self, at: datetime | None = None) -> int:
        """Return how many editions have taken effect; the only state that time changes."""
        return bisect_right(self.starts, at or clock.now(), key=lambda start: start.at)

    def of_date(self, day: date) -> tuple[EditionText, ...]:
        """Return every text of one date, in the order of the site's languages."""
        return tuple(text for text in self.texts if text.date == day)

    def text(
        self, day: date, language: Language, source: EditionSource | None = None
    ) -> EditionText:
        """Return the text of `day` to show; raise NotFoundError.

        The operator's document in force precedes a restatement, the wanted language
        Russian, Russian any other. `source` excludes the texts of the other source.
        """
        key = (day, language, source, self._started_count())
        if key not in self._text_cache:
            self._text_cache[key] = self._search(day, language, source)
        return self._text_cache[key]

    @cached_property
    def _text_cache(self) -> dict[tuple[object, ...], EditionText]:
        return {}

    def _search(
        self, day: date, language: Language, source: EditionSource | None
    ) -> EditionText:
        preferred = source or self.current_start(day).source
        found = [
            text
            for text in self.of_date(day)
            if text.source is preferred
            or (source is None and preferred is EditionSource.OPERATOR)
        ]
        if not found:
            raise NotFoundError(f"no published edition of {day} from the {source}")
        wanted = [language, *Language]
        return min(
            found, key=lambda t: (wanted.index(t.language), t.source is not preferred)
        )


def current_store() -> EditionStore:
    """Return the store of the current app's database, at most a second old."""
    return _cache(db.engine).store()


def date_in_force() -> str:
    """Return the date of the edition in force, or an empty string if there is none."""
    try:
        return current_store().in_force().isoformat()
    except NotFoundError:
        return ""


def age() -> float:
    """Look at the database again; return how many seconds ago that last succeeded."""
    with suppress(SQLAlchemyError):
        current_store()
    return time.monotonic() - _cache(db.engine).refreshed


def invalidate() -> None:
    """Reload at the next call, after a publication in this process."""
    _cache(db.engine).stale = True
    microcache.invalidate()


class _StoreCache:
    """Caches the store of one database."""

    def __init__(self, engine: Engine) -> None:
        self.beside = beside(engine)
        self.current: EditionStore | None = None
        self.stamp: object = None
        self.checked, self.refreshed, self.stale = 0.0, float("-inf"), True
        self.look = Look(engine, self._look)

    def store(self) -> EditionStore:
        if not self._is_fresh():
            # While one thread refreshes, the others use the cached store.
            self.look.take(whole=self.current is None or self.stale)
        return self.current or EditionStore(())

    def _is_fresh(self) -> bool:
        known = self.current is not None and not self.stale
        return known and time.monotonic() - self.checked < RECHECK_SECONDS

    def _look(self) -> None:
        if self._is_fresh():  # another thread looked while this one waited
            return
        try:
            self._refresh()
            self.refreshed = time.monotonic()
        except SQLAlchemyError:
            if self.current is None:
                raise
        finally:
            # The wait of a silent database is one page's, not everybody's in turn.
            self.checked, self.stale = time.monotonic(), False

    def _refresh(self) -> None:
        published = Edition.published_at.is_not(None)
        # Leaves the session of the request untouched, which may hold a connection.
        with self.beside.connect() as connection:
            by_hand = models.ClauseAssessment
            assessed = select(func.count(by_hand.id)).scalar_subquery()
            stamp = connection.execute(
                select(func.count(), func.max(Edition.id), assessed).where(published)
            ).one()
            if self.current is not None and stamp == self.stamp:
                return
            rows = connection.execute(select(Edition.__table__).where(published)).all()
            words = select(by_hand.wording, by_hand.entry).order_by(by_hand.id)
            bound = tuple((row.wording, row.entry) for row in connection.execute(words))
        self.current, self.stamp = EditionStore(_texts(rows), bound), stamp


_CACHES: WeakKeyDictionary[Engine, _StoreCache] = WeakKeyDictionary()


def _cache(engine: Engine) -> _StoreCache:
    return _CACHES.get(engine) or _CACHES.setdefault(engine, _StoreCache(engine))


def _texts(rows: Sequence[Row[Any]]) -> tuple[EditionText, ...]:
    editions: dict[tuple[date, str], list[Row[Any]]] = defaultdict(list)
    languages = list(Language)
    for row in sorted(rows, key=lambda row: languages.index(Language(row.language))):
        editions[row.date, row.source].append(row)
    texts = [text for parts in editions.values() for text in _edition(parts)]
    texts.sort(key=lambda t: (-t.date.toordinal(), languages.index(t.language), t.source))
    return tuple(texts)


def _edition(rows: list[Row[Any]]) -> Iterator[EditionText]:
    """Yield the texts of one date and source, each with their common terms."""
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
