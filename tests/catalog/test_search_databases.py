"""Both databases find the same products, whatever is typed."""

from pathlib import Path

from neupusti.app import create_app
from neupusti.catalog.service import samples
from neupusti.core.data.database import db
from tests.catalog.searching import slugs
from tests.catalog.test_search import ODD, REFUSED
from tests.catalog.test_search_gold import QUERIES
from tests.conftest import LendDatabases


def hits(lend: LendDatabases, folder: Path) -> dict[str, set[str]]:
    """Return what each query finds among the samples, on a database of its own."""
    with lend(folder) as settings, create_app(settings).app_context():
        samples.bring()
        typed = (*(one["q"] for _, one in QUERIES), *ODD, *REFUSED)
        found = {one: slugs(one) for one in typed}
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    return found


def test_both_databases_find_the_same(
    sqlite_databases: LendDatabases, postgresql_databases: LendDatabases, tmp_path: Path
) -> None:
    found = hits(sqlite_databases, tmp_path)
    assert found == hits(postgresql_databases, tmp_path)
    assert len([one for one in found.values() if one]) > len(QUERIES) / 2
