"""The identity of a clause in all editions, whatever number it bears, and its life.

Editions are taken in the order in which they were published, which can only grow: each
clause is found by its words in the editions published before, or is a new one. So no later
edition, not even one with an earlier date, changes the identity of a published clause.
"""

import tomllib
from base64 import b32encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path

from neupusti.core.text.languages import Language
from neupusti.policy.models import EditionSource
from neupusti.policy.service.alignment import align
from neupusti.policy.service.comparison import ChangeStatus, ClauseChange, clause_change
from neupusti.policy.service.document import Clause
from neupusti.policy.service.edition_store import EditionStore, EditionText, Start

SHIPPED = Path(__file__).parents[1] / "editions" / "editions.toml"
ID_BYTES = 5

Source = tuple[date, EditionSource]
"""What the language versions of an edition share, and with it the numbers of clauses."""
Ids = Mapping[str, str]
"""Number of a clause -> its identity."""


class Event(StrEnum):
    """What an edition did to a clause."""

    APPEARED = "appeared"
    KEPT = "kept"
    RENUMBERED = "renumbered"
    REWORDED = "reworded"
    REMOVED = "removed"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Stage:
    """What one edition did to a clause.

    `clause` is None in an edition without it. `change` is the difference from the last
    edition that had it, in a language that both have; None if there is no such language.
    """

    start: Start
    text: EditionText
    event: Event
    clause: Clause | None = None
    change: ClauseChange | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """What happened to a clause, from the first edition that has it to the latest one."""

    id: str
    stages: tuple[Stage, ...]

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers it bore, the first one first."""
        present = (stage.clause.number for stage in self.stages if stage.clause)
        return tuple(dict.fromkeys(present))

    @property
    def wordings(self) -> tuple[Stage, ...]:
        """The stages that gave it a new wording."""
        return tuple(
            stage
            for stage in self.stages
            if stage.clause
            and (stage.change is None or stage.change.status is ChangeStatus.CHANGED)
        )


@lru_cache(maxsize=8)
def identities(store: EditionStore) -> Mapping[Source, Ids]:
    """Return the identities of the clauses of every edition."""
    found: dict[Source, dict[str, str]] = {}
    known: list[EditionText] = []
    for text in sorted(store.texts, key=lambda t: (t.published_at, t.date, t.source)):
        ids = found.setdefault((text.date, text.source), {})
        if not ids:
            ids |= _inherited(text, known, found)
        for number in text.document.clauses:
            ids.setdefault(number, _new_id(text, number))
        known.append(text)
    return found


def ids_of(store: EditionStore, text: EditionText) -> Ids:
    """Return the identities of the clauses of one text."""
    return identities(store)[text.date, text.source]


def pairs(store: EditionStore, older: EditionText, newer: EditionText) -> dict[str, str]:
    """Return number in `newer` -> number of the same clause in `older`."""
    numbers = {one: number for number, one in _present(store, older).items()}
    return {
        number: numbers[one]
        for number, one in _present(store, newer).items()
        if one in numbers
    }


def shown_ids(store: EditionStore) -> list[str]:
    """Return the identity of every clause of an edition that is, was or will be current."""
    shown = (identities(store)[start.day, start.source] for start in store.starts)
    return list(dict.fromkeys(one for ids in shown for one in ids.values()))


def life(store: EditionStore, one: str, language: Language) -> Life | None:
    """Return the life of a clause, in `language` where it has texts; None if unknown."""
    stages = tuple(_stages(store, one, language))
    return Life(one, stages) if stages else None


def _stages(store: EditionStore, one: str, language: Language) -> Iterator[Stage]:
    last, gone = None, False
    for start in store.starts:
        text = _shown(store, start, language)
        clause = _find(store, text, one)
        if clause is not None:
            yield (
                Stage(start, text, Event.APPEARED, clause)
                if last is None
                else _next_stage(store, one, language, (last, start), gone=gone)
            )
            last, gone = start, False
        elif last is not None and not gone:
            yield Stage(start, text, Event.REMOVED)
            gone = True


def _next_stage(
    store: EditionStore,
    one: str,
    language: Language,
    starts: tuple[Start, Start],
    *,
    gone: bool,
) -> Stage:
    """Return what became of a clause between two editions that have it."""
    for wanted in (language, *Language):
        old, new = (_shown(store, start, wanted) for start in starts)
        before, after = (_find(store, text, one) for text in (old, new))
        if before and after and old.language is new.language is wanted:
            change = clause_change(before, after)
            event = (
                Event.RETURNED if gone
                else Event.REWORDED if change.status is ChangeStatus.CHANGED
                else Event.RENUMBERED if change.was
                else Event.KEPT
            )  # fmt: skip
            return Stage(starts[1], new, event, after, change)
    text = _shown(store, starts[1], language)
    event = Event.RETURNED if gone else Event.REWORDED
    return Stage(starts[1], text, event, _find(store, text, one))


def _shown(store: EditionStore, start: Start, language: Language) -> EditionText:
    """Return the text of an edition as its own page shows it."""
    current = start == store.current_start(start.day)
    return store.text(start.day, language, None if current else start.source)


def _find(store: EditionStore, text: EditionText, one: str) -> Clause | None:
    number = next((n for n, own in _present(store, text).items() if own == one), None)
    return text.document.clauses[number] if number is not None else None


def _present(store: EditionStore, text: EditionText) -> dict[str, str]:
    """Return the identities of the clauses that this language version has."""
    ids = ids_of(store, text)
    return {number: ids[number] for number in text.document.clauses}


def _inherited(
    text: EditionText, known: Sequence[EditionText], found: Mapping[Source, Ids]
) -> dict[str, str]:
    """Return the identities that clauses of `text` have from editions published before."""
    ids: dict[str, str] = {}
    kept = _kept_numbers().get(text.date)
    if text.source is EditionSource.RESTATEMENT and kept is not None:
        before = found.get((kept, EditionSource.RESTATEMENT), {})
        return {n: one for n, one in before.items() if n in text.document.clauses}
    others = [one for one in known if one.language is text.language]
    others.sort(key=lambda one: (one.date > text.date, abs(one.date - text.date)))
    for other in others:
        own, taken = found[other.date, other.source], set(ids.values())
        for number, old in align(other.document, text.document).items():
            if number not in ids and own[old] not in taken:
                ids[number] = own[old]
    return ids


@cache
def _kept_numbers() -> dict[date, date]:
    """Return shipped edition -> the shipped edition whose numbers it keeps."""
    with SHIPPED.open("rb") as file:
        described = tomllib.load(file)["edition"]
    return {
        one["date"]: one["keeps_numbers_of"]
        for one in described
        if "keeps_numbers_of" in one
    }


def _new_id(text: EditionText, number: str) -> str:
    """Return an identity that says nothing of the number the clause bears later."""
    birth = f"{text.date} {text.source} {number}"
    return b32encode(sha256(birth.encode()).digest()[:ID_BYTES]).decode().lower()
