"""Give each clause its number in the document, and check that numbers follow one another.

Below «Глава 2» clauses may be written «2.1», begin again at «1» or count on through the
whole document. Their number here always begins with that of their section.
"""

from collections.abc import Iterator

Number = tuple[int, ...]


def successors(above: Number) -> Iterator[Number]:
    """Yield what may follow `above`: one level down, or next on an open level."""
    yield (*above, 1)
    for depth in range(len(above), 0, -1):
        yield (*above[: depth - 1], above[depth - 1] + 1)


class Numbering:
    """Where the counting of clauses is."""

    def __init__(self) -> None:
        self.base, self.own = "", 0
        """The section, or the article in it, that the next clauses stand below."""
        self.above: Number = ()
        """The number of the last clause below it, as written."""
        self.counted, self.articles, self.all_articles = 0, 0, 0
        """The last single number of a clause, of an article here, and of any article."""
        self.free = False
        """Whether clauses need not be written with the number of their section."""

    def enter(self, own: int, *, free: bool) -> None:
        """Begin section `own`."""
        self.base, self.own, self.free = str(own), own, free
        self.above, self.articles = (), 0

    def article(self, section: str, number: int) -> bool:
        """Begin an article of a chapter; return whether it may stand here."""
        if number not in {self.articles + 1, self.all_articles + 1}:
            return False
        self.articles = self.all_articles = number
        self.base, self.own, self.above = f"{section}.{number}", number, ()
        return True

    def clause(self, number: Number) -> str | None:
        """Return the number of a clause written `number`; None: it cannot follow."""
        if number not in self._expected():
            return None
        self.above = number
        if len(number) == 1:
            self.counted = number[0]
        inner = number[1:] if number[0] == self.own and len(number) > 1 else number
        return ".".join(map(str, (self.base, *inner)))

    @property
    def last(self) -> str:
        """What the next clause has to follow, as written."""
        return (
            ".".join(map(str, self.above or (self.own,))) if self.own else "the beginning"
        )

    def _expected(self) -> set[Number]:
        if self.above:
            return set(successors(self.above))
        first: set[Number] = {(self.own, 1)} if self.own else set()
        if self.free:
            first |= {(1,), (self.counted + 1,)}
            first |= {(number, 1) for number in range(1, self.own + 1)}
        return first
