"""Both databases find the same products, whatever is typed."""

from pathlib import Path

from tests.catalog.searching import slugs
from tests.catalog.test_search import ODD, REFUSED
from tests.catalog.test_search_gold import QUERIES
from tests.lending import LendDatabases, opened


def hits(lend: LendDatabases, folder: Path) -> dict[str, set[str]]:
    """Return what each query finds among the samples, on a database of its own."""
    with lend(folder, goods=True) as settings, opened(settings):
        typed = (*(one["q"] for _, one in QUERIES), *ODD, *REFUSED)
        return {one: slugs(one) for one in typed}


def test_both_databases_find_the_same(
    sqlite_databases: LendDatabases, postgresql_databases: LendDatabases, tmp_path: Path
) -> None:
    found = hits(sqlite_databases, tmp_path)
    assert found == hits(postgresql_databases, tmp_path)
    assert len([one for one in found.values() if one]) > len(QUERIES) / 2
