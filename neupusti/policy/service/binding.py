"""Bind the entries of the ledger to the wordings they were written for.

A clause is bound by the fingerprint of its wording (`wordings.toml`, or by hand), or if it
is at least `ALIKE` like a wording bound so and has the same numbers and negations. Of any
other clause the ledger says nothing. The number of a clause binds nothing.
"""

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.records.journal import StaffActionType, log_staff_action
from neupusti.core.text.languages import Language
from neupusti.policy.models import ClauseAssessment, Edition, EditionSource
from neupusti.policy.service import edition_store, ledger, parser
from neupusti.policy.service.document import Clause, Document
from neupusti.policy.service.drafts import EditionError
from neupusti.policy.service.edition_store import EditionStore
from neupusti.policy.service.words import Features, Index, features, fingerprint, wording

DATA = Path(__file__).parents[1] / "wordings.toml"
ALIKE = 0.9
"""The least likeness of a wording of which an entry still speaks."""
NEGATION = re.compile(
    r"не.*|ни|нет|без.*|кроме|not?|never|without|except|.*n't|un.*|емес|жоқ"
    r"|.*[мбп][ае](?:й|с|ды|ді|ған|ген|ң|у|к).*"
)
"""Words that can turn a sentence round; in Kazakh an ending does it. Others among them are
no harm: a clause with more or fewer of them is only not bound by likeness."""
DATE = re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}")
"""An edition names its own (9.4)."""
ASSESSED = StaffActionType("policy.assessed", _("Assessed a clause of the policy"))


@dataclass(frozen=True, slots=True)
class Binding:
    """The entry that speaks of a clause, and how alike its own wording is."""

    entry: str
    likeness: float = 1


@dataclass(frozen=True, slots=True)
class _Reference:
    """A wording that an entry was written for."""

    entries: tuple[str, ...]
    weighty: Counter[str]


@lru_cache(maxsize=64)
def bind(store: EditionStore, document: Document) -> Mapping[str, Binding]:
    """Return clause of `document` -> its entry; clauses without one are left out."""
    known, (index, references) = _entries(store), _references(store)
    found = {}
    for number, clause in document.clauses.items():
        if (mark := fingerprint(clause.whole)) in known:
            if entries := known[mark]:
                found[number] = Binding(_own(entries, number))
            continue
        for alike, key in index.nearest(features(clause.whole)):
            reference = references[key]
            if alike >= ALIKE and reference.weighty == _weighty(clause, document):
                found[number] = Binding(_own(reference.entries, number), alike)
                break
    return found


def mismatches(
    store: EditionStore, document: Document
) -> list[tuple[Clause, Binding | None]]:
    """Return the clauses no entry speaks of, each with the entry of the nearest wording."""
    bound, (index, references) = bind(store, document), _references(store)
    found: list[tuple[Clause, Binding | None]] = []
    for number, clause in document.clauses.items():
        if number not in bound and clause.whole:
            nearest = index.nearest(features(clause.whole))[:1]
            entry = [Binding(_own(references[k].entries, number), a) for a, k in nearest]
            found.append((clause, entry[0] if entry else None))
    return found


def assess(day: date, language: Language, number: str, entry: str) -> Clause:
    """Bind the wording of a clause to an entry of the ledger, or to none (empty).

    The wording counts wherever it stands. Raise EditionError if there is no such clause or
    entry.
    """
    if entry and entry not in ledger.entries():
        raise EditionError(f"The ledger has no entry {entry}: give another with --entry.")
    with writing() as session:
        rows = session.scalars(select(Edition).filter_by(date=day, language=language)).all()
        if not rows:
            raise EditionError(f"There is no edition of {day} in «{language}».")
        row = min(rows, key=lambda r: list(EditionSource).index(EditionSource(r.source)))
        clause = parser.parse(row.text).clauses.get(number)
        if clause is None:
            raise EditionError(f"The edition of {day} has no clause {number}.")
        mark = fingerprint(clause.whole)
        session.add(ClauseAssessment(wording=mark, entry=entry, at=clock.now()))
        log_staff_action(
            session,
            staff=None,
            action=ASSESSED,
            what=f"{day} «{language}» {number}: {entry or 'none'}",
        )
    edition_store.invalidate()
    return clause


@cache
def shipped() -> Mapping[str, tuple[str, ...]]:
    """Return fingerprint -> the entries written for it, as `wordings.toml` has them."""
    found: dict[str, list[str]] = defaultdict(list)
    for entry, marks in tomllib.loads(DATA.read_text()).items():
        for mark in marks:
            found[mark].append(entry)
    return {mark: tuple(entries) for mark, entries in found.items()}


def _entries(store: EditionStore) -> dict[str, tuple[str, ...]]:
    """Return fingerprint -> entries; none where that was said by hand."""
    by_hand = {mark: (entry,) if entry else () for mark, entry in store.assessments}
    return {**shipped(), **by_hand}


@lru_cache(maxsize=8)
def _references(store: EditionStore) -> tuple[Index, Mapping[str, _Reference]]:
    """Return the bound wordings of all published texts, by fingerprint."""
    known = _entries(store)
    texts: dict[str, Features] = {}
    references = {}
    for document in (text.document for text in store.texts):
        for clause in document.clauses.values():
            mark = fingerprint(clause.whole)
            if mark not in texts and (entries := known.get(mark)):
                texts[mark] = features(clause.whole)
                references[mark] = _Reference(entries, _weighty(clause, document))
    return Index(texts), references


def _weighty(clause: Clause, document: Document) -> Counter[str]:
    """Return the numbers and negations, without dates and references to clauses."""
    words = (word.casefold() for word in wording(clause.whole))
    return Counter(
        word
        for word in words
        if NEGATION.fullmatch(word)
        or (
            any(map(str.isdigit, word))
            and word not in document.clauses
            and not DATE.fullmatch(word)
        )
    )


def _own(entries: tuple[str, ...], number: str) -> str:
    """Return the entry of the clause's own number, if it is one of `entries`."""
    return number if number in entries else entries[0]
