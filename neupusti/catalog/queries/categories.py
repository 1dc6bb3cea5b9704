"""The categories of the catalog, as menus and lists need them."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from neupusti.catalog.models import Category
from neupusti.core.data.database import db
from neupusti.core.text.languages import Language


@dataclass(frozen=True, slots=True)
class Entry:
    """One category of the menu."""

    id: int
    parent: int | None
    slug: str
    name: str
    shown: bool
    """Whether it and every category above it are published."""
    products: int


@dataclass(frozen=True, slots=True)
class Menu:
    """All categories, in the order of the menu."""

    entries: tuple[Entry, ...]

    @property
    def top(self) -> tuple[Entry, ...]:
        """The shown categories of the top."""
        return self.children(None)

    @property
    def products(self) -> int:
        """How many published products the shop has."""
        return sum(entry.products for entry in self.entries)

    def children(self, parent: int | None) -> tuple[Entry, ...]:
        """Return the shown categories directly below `parent`."""
        return tuple(e for e in self.entries if e.shown and e.parent == parent)

    def find(self, slug: str) -> Entry | None:
        """Return the shown category at `slug`, or None."""
        return next((e for e in self.entries if e.shown and e.slug == slug), None)

    def path(self, number: int | None) -> tuple[Entry, ...]:
        """Return the categories from the top down to `number`."""
        known = {entry.id: entry for entry in self.entries}
        path: tuple[Entry, ...] = ()
        while (entry := known.pop(number or 0, None)) is not None:
            path, number = (entry, *path), entry.parent
        return path

    def family(self, number: int) -> tuple[Entry, ...]:
        """Return a category with all shown ones below it."""
        found = tuple(entry for entry in self.entries if entry.id == number)
        for child in self.children(number):
            found += self.family(child.id)
        return found


def hidden(rows: Iterable[tuple[int, int | None, bool]]) -> set[int]:
    """Return the categories that are not shown: unpublished, or below such a one.

    `rows`: the number of each, the one above it and whether it is published.
    """
    known = [*rows]
    found = {number for number, _above, published in known if not published}
    while below := {number for number, above, _ in known if above in found} - found:
        found |= below
    return found


def menu(language: Language) -> Menu:
    """Return the menu in `language`."""
    ordered = select(Category).order_by(Category.position, Category.id)
    rows = db.session.scalars(ordered).all()
    out = hidden((row.id, row.parent, row.published) for row in rows)
    return Menu(
        tuple(
            Entry(r.id, r.parent, r.slug, r.name(language), r.id not in out, r.products)
            for r in rows
        )
    )
