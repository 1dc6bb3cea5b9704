"""Compare two editions: what was added, removed, changed and moved."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from neupusti.policy.service.alignment import align
from neupusti.policy.service.differences import Run, word_changes
from neupusti.policy.service.document import PREAMBLE, Clause, Document


class ChangeStatus(StrEnum):
    """What happened to a clause between the older and the newer edition."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """A clause of either edition and how it changed.

    `number` is that in the newer edition, of a removed clause that in the older one;
    `was` is the number in the older edition where it differs.
    """

    number: str
    status: ChangeStatus
    runs: tuple[Run, ...]
    was: str = ""
    moved: bool = False
    """Whether it changed places with others: a number alone also changes by insertion."""

    @property
    def touched(self) -> bool:
        """Whether a reader has to look at it: more than its number has changed."""
        return self.moved or self.status is not ChangeStatus.SAME


@dataclass(frozen=True, slots=True)
class SectionChange:
    """A section of either edition, what changed in its heading, and its clauses."""

    number: str
    status: ChangeStatus
    heading: tuple[Run, ...]
    was: str
    clauses: tuple[ClauseChange, ...]


def compare(
    older: Document, newer: Document, pairs: Mapping[str, str] | None = None
) -> list[ClauseChange]:
    """Return every clause of both documents in the order of the newer one."""
    return [one for part in sections(older, newer, pairs) for one in part.clauses]


def sections(
    older: Document, newer: Document, pairs: Mapping[str, str] | None = None
) -> list[SectionChange]:
    """Return the sections of both documents, the preamble as the first of them.

    `pairs` names the clauses that are the same: number in `newer` -> number in `older`; by
    default they are found by their words.
    """
    return list(_Comparison(older, newer, align(older, newer) if pairs is None else pairs))


def clause_change(old: Clause | None, new: Clause | None) -> ClauseChange:
    """Return how one clause changed; at least one of the two exists."""
    before, after = (one.whole.replace("**", "") if one else "" for one in (old, new))
    if new is None or old is None:
        status = ChangeStatus.REMOVED if new is None else ChangeStatus.ADDED
    else:
        status = ChangeStatus.SAME if before == after else ChangeStatus.CHANGED
    number, was = (one.number if one else "" for one in (new, old))
    return ClauseChange(
        number=number or was,
        status=status,
        runs=word_changes(before, after),
        was=was if number and was != number else "",
    )


class _Comparison:
    """Iterates over the sections of the comparison."""

    def __init__(self, older: Document, newer: Document, pairs: Mapping[str, str]) -> None:
        self.older, self.newer, self.pairs = older, newer, pairs
        self.headings = [
            {PREAMBLE: ""} | {one.number: one.heading for one in document.sections}
            for document in (older, newer)
        ]
        self.clauses = [_by_section(document) for document in (older, newer)]
        self.homes = [
            {c.number: section for section, part in side.items() for c in part}
            for side in self.clauses
        ]
        self.counterparts = self._section_counterparts()
        self.moved = self._moved()

    def __iter__(self) -> Iterator[SectionChange]:
        """Yield the sections of the newer document; one removed after its neighbour."""
        remaining = dict.fromkeys(self.headings[0])
        for number in self.headings[1]:
            was = self.counterparts.get(number)
            if was is not None:
                yield from self._removed_before(was, remaining)
                remaining.pop(was, None)
            yield self._section(number, was)
        for number in list(remaining):
            yield self._section(None, number)

    def _removed_before(
        self, number: str, remaining: dict[str, None]
    ) -> Iterator[SectionChange]:
        """Yield the sections of the older document that are gone and stood before one."""
        kept = set(self.counterparts.values())
        for one in list(remaining):
            if one == number or one in kept:
                break
            del remaining[one]
            yield self._section(None, one)

    def _section(self, number: str | None, was: str | None) -> SectionChange:
        old = self.headings[0][was] if was is not None else None
        new = self.headings[1][number] if number is not None else None
        status = (
            ChangeStatus.ADDED if old is None
            else ChangeStatus.REMOVED if new is None
            else ChangeStatus.SAME if old == new
            else ChangeStatus.CHANGED
        )  # fmt: skip
        return SectionChange(
            number=number or was or "",
            status=status,
            heading=word_changes(old or "", new or ""),
            was=was if was and number and was != number else "",
            clauses=tuple(self._changes(number, was)),
        )

    def _changes(self, number: str | None, was: str | None) -> Iterator[ClauseChange]:
        """Yield the clauses of a section, each removed one after the one it followed."""
        new = {c.number: c for c in self.clauses[1].get(number or "", ())}
        removed: dict[str, list[Clause]] = defaultdict(list)
        origins = {old: one for one, old in self.pairs.items()}
        above = ""
        for clause in self.clauses[0].get(was or "", ()):
            counterpart = origins.get(clause.number)
            if counterpart is None:
                removed[above].append(clause)
            elif counterpart in new:
                above = counterpart
        yield from (clause_change(one, None) for one in removed[""])
        for one, clause in new.items():
            yield self._change(clause)
            yield from (clause_change(gone, None) for gone in removed[one])

    def _change(self, clause: Clause) -> ClauseChange:
        old = self.pairs.get(clause.number)
        found = clause_change(self.older.clauses[old] if old else None, clause)
        return ClauseChange(
            number=found.number,
            status=found.status,
            runs=found.runs,
            was=found.was,
            moved=clause.number in self.moved,
        )

    def _section_counterparts(self) -> dict[str, str]:
        """Return section in `newer` -> section in `older` that most clauses are from."""
        votes = Counter(
            (self.homes[1][new], self.homes[0][old])
            for new, old in self.pairs.items()
            if new != PREAMBLE
        )
        found, taken = {PREAMBLE: PREAMBLE}, {PREAMBLE}
        names = {heading: number for number, heading in self.headings[0].items()}
        by_name = [(n, names[h]) for n, h in self.headings[1].items() if h in names]
        for new, old in [*(pair for pair, _ in votes.most_common()), *by_name]:
            if new not in found and old not in taken:
                found[new] = old
                taken.add(old)
        return found

    def _moved(self) -> frozenset[str]:
        """Return the numbers of the clauses that changed places or their section.

        The longest row of clauses in their old order has stayed where it was.
        """
        places = {number: place for place, number in enumerate(self.older.clauses)}
        row = [n for n in self.newer.clauses if n in self.pairs]
        stayed = _longest_rising([places[self.pairs[number]] for number in row])
        return frozenset(
            number
            for at, number in enumerate(row)
            if number != PREAMBLE
            and (
                at not in stayed
                or self.counterparts.get(self.homes[1][number])
                != self.homes[0][self.pairs[number]]
            )
        )


def _by_section(document: Document) -> dict[str, tuple[Clause, ...]]:
    preamble = {PREAMBLE: (document.clauses[PREAMBLE],)}
    return preamble | {one.number: one.clauses for one in document.sections}


def _longest_rising(values: list[int]) -> set[int]:
    """Return the indexes of a longest increasing subsequence of different `values`."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int | None] = []
    for at, value in enumerate(values):
        place = bisect_left(tails, value)
        before.append(ends[place - 1] if place else None)
        if place == len(tails):
            tails.append(value)
            ends.append(at)
        else:
            tails[place], ends[place] = value, at
    found: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        found.add(last)
        last = before[last]
    return found
