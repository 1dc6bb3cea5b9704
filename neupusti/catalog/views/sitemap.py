"""The addresses of the catalog for the sitemap."""

from collections.abc import Iterator
from typing import Any

from neupusti.catalog.queries import products
from neupusti.catalog.queries.categories import menu
from neupusti.core.feature import AddressFiles, ChangedAddress
from neupusti.core.text import languages

SIZE = 5_000
"""Products of one file, by their numbers; each has an address in every language."""


def addresses() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the address of every category."""
    for entry in menu(languages.current()).entries:
        if entry.shown:
            yield "catalog.category", {"slug": entry.slug}


def _file(number: int) -> Iterator[ChangedAddress]:
    for slug, changed_at in products.addresses(number, SIZE):
        yield "catalog.product", {"slug": slug}, changed_at


PRODUCTS = AddressFiles(numbers=lambda: products.files(SIZE), addresses=_file)
