"""The categories of the catalog, as menus and lists need them."""

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
    published: bool
    products: int


@dataclass(frozen=True, slots=True)
class Menu:
    """All categories, in the order of the menu."""

    entries: tuple[Entry, ...]

    @property
    def top(self) -> tuple[Entry, ...]:
        """The published categories of the top."""
        return self.children(None)

    @property
    def products(self) -> int:
        """How many published products the shop has."""
        return sum(entry.products for entry in self.entries)

    def children(self, parent: int | None) -> tuple[Entry, ...]:
        """Return the published categories directly below `parent`."""
        return tuple(e for e in self.entries if e.published and e.parent == parent)

    def find(self, slug: str) -> Entry | None:
        """Return the published category at `slug`, or None."""
        return next((e for e in self.entries if e.published and e.slug == slug), None)

    def path(self, number: int | None) -> tuple[Entry, ...]:
        """Return the published categories from the top down to `number`."""
        known = {entry.id: entry for entry in self.entries}
        path: tuple[Entry, ...] = ()
        while (entry := known.pop(number or 0, None)) is not None:
            path, number = (entry, *path), entry.parent
        return tuple(entry for entry in path if entry.published)

    def family(self, number: int) -> tuple[Entry, ...]:
        """Return a category with all published ones below it."""
        found = tuple(entry for entry in self.entries if entry.id == number)
        for child in self.children(number):
            found += self.family(child.id)
        return found


def menu(language: Language) -> Menu:
    """Return the menu in `language`."""
    rows = db.session.scalars(select(Category).order_by(Category.position, Category.id))
    return Menu(
        tuple(
            Entry(r.id, r.parent, r.slug, r.name(language), r.published, r.products)
            for r in rows
        )
    )
