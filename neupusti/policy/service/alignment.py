"""Find each clause of an edition in another one by its words, whatever its number."""

from collections import Counter, defaultdict
from functools import lru_cache

from neupusti.policy.service.document import PREAMBLE, Document
from neupusti.policy.service.words import (
    STEM,
    Index,
    features,
    likeness,
    wording,
)

ANYWHERE = 0.5
"""A clause is found at any place from this likeness on."""
IN_PLACE = 0.35
"""A reworded clause is found between the neighbours it had from this likeness on."""
SAME_NUMBER = 0.15
"""A reworded clause is found under its own number from this likeness on."""
SHORT = 8
"""Features added to the size of two texts under different numbers: short texts are alike
by chance."""


@lru_cache(maxsize=64)
def align(older: Document, newer: Document) -> dict[str, str]:
    """Return number in `newer` -> number of the same clause in `older`.

    The same wording is found first, then the most alike at any place, then what was
    reworded where it stands. Words are cut to their stems.
    """
    return _Alignment(older, newer).pairs


class _Alignment:
    def __init__(self, older: Document, newer: Document) -> None:
        self.pairs = {PREAMBLE: PREAMBLE}
        self.older, self.newer = older, newer
        self.free = dict.fromkeys(number for number in older.clauses if number != PREAMBLE)
        self._pair_same_wordings()
        self.before = {n: features(older.clauses[n].whole, STEM) for n in self.free}
        self.after = {n: features(newer.clauses[n].whole, STEM) for n in self._open()}
        self.candidates = self._candidates()
        self._pair(ANYWHERE)
        self._pair_in_place()
        self._pair_parents()

    def _open(self) -> list[str]:
        """Return the numbers of `newer` that have no counterpart yet."""
        return [number for number in self.newer.clauses if number not in self.pairs]

    def _join(self, new: str, old: str) -> None:
        self.pairs[new] = old
        del self.free[old]

    def _pair_same_wordings(self) -> None:
        """Pair equal wordings: those that keep their number first, then in order."""
        places: dict[tuple[str, ...], list[str]] = defaultdict(list)
        wordings = {n: tuple(wording(c.whole)) for n, c in self.newer.clauses.items()}
        for old in self.free:
            places[tuple(wording(self.older.clauses[old].whole))].append(old)
        for new in self._open():
            if new in (found := places[wordings[new]]):
                found.remove(new)
                self._join(new, new)
        for found in places.values():
            found.reverse()
        for new in self._open():
            if found := places[wordings[new]]:
                self._join(new, found.pop())

    def _candidates(self) -> list[tuple[float, str, str]]:
        """Return likeness, new and old number of likely pairs, the most alike first."""
        index = Index(self.before)
        found = []
        for new, wanted in self.after.items():
            nearest = [old for _alike, old in index.nearest(wanted)]
            own = [new] if new in self.free and new not in nearest else []
            found += [(self._alike(new, old), new, old) for old in nearest + own]
        # Of two equally alike, the one that keeps its number.
        return sorted(found, key=lambda pair: (-pair[0], pair[1] != pair[2]))

    def _alike(self, new: str, old: str) -> float:
        one, other = self.before[old], self.after[new]
        return likeness(one, other, 0 if new == old else SHORT)

    def _pair(self, bound: float) -> None:
        for alike, new, old in self.candidates:
            if alike >= bound and new not in self.pairs and old in self.free:
                self._join(new, old)

    def _pair_in_place(self) -> None:
        """Pair what is little alike but has the same number or the same neighbours."""
        spans = self._spans()
        places = {number: place for place, number in enumerate(self.older.clauses)}
        for alike, new, old in self.candidates:
            if new in self.pairs or old not in self.free:
                continue
            first, last = spans[new]
            between = first < places[old] < last
            if alike >= (SAME_NUMBER if new == old else IN_PLACE) and (
                between or new == old
            ):
                self._join(new, old)

    def _spans(self) -> dict[str, tuple[int, int]]:
        """Return open number -> places in `older` of its nearest paired neighbours."""
        places = {number: place for place, number in enumerate(self.older.clauses)}
        above, below = {}, {}
        at = 0
        for new in self.newer.clauses:
            at = places[self.pairs[new]] if new in self.pairs else at
            above[new] = at
        at = len(places)
        for new in reversed(self.newer.clauses):
            at = places[self.pairs[new]] if new in self.pairs else at
            below[new] = at
        return {new: (above[new], below[new]) for new in self._open()}

    def _pair_parents(self) -> None:
        """Pair a clause whose subclauses come from one clause, the deepest first."""
        votes: dict[str, Counter[str]] = defaultdict(Counter)
        for new, old in self.pairs.items():
            votes[new.rpartition(".")[0]][old.rpartition(".")[0]] += 1
        for new in self._open():
            for old, _count in votes[new].most_common(1):
                if old in self.free:
                    self._join(new, old)
