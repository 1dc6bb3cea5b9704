"""The test suite frees its disk space, also after failures."""

import psycopg
import pytest

from tests.lending import LendDatabases
from tests.postgres import Cluster, ground


def databases(cluster: Cluster) -> set[str]:
    """Return the names of all databases of a cluster."""
    with psycopg.connect(cluster.url("postgres")) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}


@pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
def test_databases_are_dropped_despite_open_connections(
    lend_databases: LendDatabases,
    cluster: Cluster,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with lend_databases(tmp_path_factory.mktemp("borrowed")) as settings:
        guest = psycopg.connect(settings.database_url)
        lent = databases(cluster)
    assert len(lent - databases(cluster)) == 2
    guest.close()


def test_a_cluster_is_removed_when_the_test_fails(cluster: Cluster) -> None:
    guests = []

    def fail() -> None:
        with ground() as folder, Cluster(folder).running() as another:
            guests.append((folder, psycopg.connect(another.url("postgres"))))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    folder, connection = guests.pop()
    connection.close()
    assert not folder.exists()
